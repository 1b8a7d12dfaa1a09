import { readFileSync } from "node:fs";
import type { OperatorAccess } from "../../client/operator.ts";
import { takeInventory } from "../../live/inventory/index.ts";
import { shown } from "../../skill/index.ts";
import type { Command } from "../arguments.ts";
import {
  checkState,
  EnvironmentError,
  environmentName,
  environmentOptions,
  type Outputs,
  readOutputs,
} from "../outputs.ts";
import { patient } from "../patience.ts";
import { pulumiSaid, runPulumi } from "../pulumi.ts";
import type { Exported } from "../scratch.ts";
import { classify } from "./classify/index.ts";
import { compare } from "./compare.ts";
import { expectedThings } from "./expected/index.ts";
import { type Finding, isDrift } from "./finding.ts";
import { tryLogins } from "./logins.ts";
import { merged, refreshFindings } from "./refresh.ts";
import { asJson, asText } from "./text.ts";

/** What `messaging drift` ends with where something drifted; 1 and 2 are taken. */
export const DRIFT = 7;

/** `messaging drift`: what somebody changed on the brokers behind Pulumi's back. It changes nothing and takes no lock. */
export const drift: Command = {
  name: "drift",
  operands: { usage: "", most: 0 },
  summary: `Compare the live brokers with what Pulumi's state says. Exit code ${DRIFT}: something drifted.`,
  options: {
    ...environmentOptions,
    state: {
      value: "<file>",
      summary: "With --outputs: what `pulumi stack export` printed, in place of asking Pulumi.",
    },
    strict: { summary: "Count foreign things too: what is neither ours nor touches ours." },
    json: { summary: "Print JSON, with everything that is as it should be." },
  },
  async run({ options, streams }) {
    if ((options.outputs === undefined) !== (options.state === undefined))
      throw new EnvironmentError("--outputs: must be given together with --state, got one of them");
    const environment = environmentName(options);
    const [outputs, state] = await Promise.all([readOutputs(options), readState(environment, options.state)]);
    const patiently = patient(streams, outputs.operator.retry.delays);
    const { findings, partial } = await patiently(() => inventoryFindings(outputs, state));
    // Somebody else's copy of a state has no stack here whose providers could be asked.
    const providers = options.state === undefined ? await patiently(() => refreshFindings(environment, state)) : [];
    const all = merged(findings, providers);
    const strict = options.strict !== undefined;
    for (const note of notes(state, partial)) streams.stderr.write(`messaging: ${note}\n`);
    streams.stdout.write(`${options.json === undefined ? asText(all, strict) : asJson(environment, all, strict)}\n`);
    return all.some((finding) => isDrift(finding, strict)) ? DRIFT : 0;
  },
};

async function inventoryFindings({ apps, operator }: Outputs, { deployment }: Exported) {
  const expected = expectedThings(deployment.resources ?? []);
  const { things, partial } = await takeInventory(operator);
  const surroundings = { ours: expected, administrators: administratorsOf(operator) };
  const findings = compare(expected, things, (stranger) => classify(stranger, surroundings));
  return { findings: await tryLogins(findings, apps), partial };
}

/** By broker (`redis/<instance>` for Redis): who administers it. */
export const administratorsOf = ({
  rabbitmq,
  kafka,
  redis = {},
}: Pick<OperatorAccess, "rabbitmq" | "kafka" | "redis">): Record<string, string> => ({
  ...(rabbitmq && { rabbitmq: rabbitmq.username }),
  ...(kafka && { kafka: kafka.username }),
  ...Object.fromEntries(Object.entries(redis).map(([instance, { username }]) => [`redis/${instance}`, username])),
});

/** What the comparison cannot know. */
function notes({ deployment }: Exported, partial: readonly string[]): string[] {
  const pending = deployment.pending_operations?.length ?? 0;
  return [
    ...(pending > 0 ? [`an up was interrupted with ${pending} operations under way: run messaging recover first`] : []),
    ...partial.map(
      (instance) => `redis/${instance}: it has more keys than were looked at: streams may be missing here`,
    ),
  ];
}

/** The state of the environment, secrets encrypted. */
export async function readState(stack: string, file: string | undefined): Promise<Exported> {
  const text = file === undefined ? await exported(stack) : readFile(file);
  try {
    const { version, deployment } = JSON.parse(text) as Partial<Exported>;
    if (typeof version === "number" && typeof deployment === "object" && deployment !== null)
      return { version, deployment };
  } catch {
    // It is told below.
  }
  throw new EnvironmentError(
    `${file ?? `environment ${stack}`}: must be the JSON of \`pulumi stack export\`, got something else`,
  );
}

async function exported(stack: string): Promise<string> {
  checkState(stack);
  const { code, stdout, stderr } = await runPulumi(["stack", "export", "--stack", stack]);
  if (code === 0) return stdout;
  throw new EnvironmentError(`environment ${stack}: must exist and be readable, got: ${pulumiSaid(stderr)}`);
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new EnvironmentError(`--state: must name a file that can be read, got ${shown(file)}`);
  }
}

export type { Finding };
