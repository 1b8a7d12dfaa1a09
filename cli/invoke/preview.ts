import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConnectionError } from "../../client/message.ts";
import { openLook } from "../../live/index.ts";
import { failureIn } from "../drift/refresh.ts";
import type { Streams } from "../index.ts";
import { EnvironmentError, readOutputs } from "../outputs.ts";
import { withPatience } from "../patience.ts";
import { runPulumi } from "../pulumi.ts";

/** What an `up` would do to one resource. */
export interface Step {
  /** Pulumi's word for it: `create`, `update`, `delete`, `replace`. */
  op: string;
  /** `rabbitmq queue` */
  what: string;
  name: string;
}

/** Asks every broker that the environment has already for who it is, so that one that is away is known before Pulumi runs. Throws a ConnectionError after its retries. */
export async function checkBrokers(options: Record<string, string>, streams: Streams): Promise<void> {
  const { operator } = await readOutputs(options);
  const { redis = {}, ...access } = operator;
  const look = openLook({ ...access, redis: (instance) => redis[instance] });
  try {
    const asks = [
      ...(["rabbitmq", "kafka", "sqs"] as const).map((broker) => async () => (await look[broker]())?.identity()),
      ...Object.keys(redis).map((instance) => async () => (await look.redis(instance))?.identity()),
    ];
    await Promise.all(asks.map((ask) => withPatience(streams, ask)));
  } finally {
    await look.close();
  }
}

/** What `pulumi up` would do if skill.yaml had this text; the file itself is not touched. Throws an EnvironmentError in Pulumi's words, or a ConnectionError. */
export async function previewOf(environment: string, skill: string): Promise<Step[]> {
  const folder = mkdtempSync(join(tmpdir(), "messaging-invoke-"));
  try {
    const file = join(folder, "skill.yaml");
    writeFileSync(file, skill, { mode: 0o600 });
    const { code, stdout, stderr } = await runPulumi(["preview", "--json", "--stack", environment], {
      env: { MESSAGING_SKILL: file },
    });
    if (code !== 0) throw failure(`environment ${environment}`, failureIn(stdout, stderr));
    return stepsIn(stdout);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const AWAY = /does not answer|connection refused|ECONNREFUSED|cannot be reached|no such host|i\/o timeout|dial tcp/i;

/** What Pulumi said, as an error with the exit code that it deserves: 2 where a broker is away. */
export function failure(place: string, said: string): ConnectionError | EnvironmentError {
  return AWAY.test(said)
    ? new ConnectionError(`${place}: ${said}`)
    : new EnvironmentError(`${place}: must take it, got: ${said}`);
}

/** The steps of `pulumi preview --json` that change something. */
export function stepsIn(printed: string): Step[] {
  const { steps = [] } = JSON.parse(printed) as { steps?: { op: string; urn: string }[] };
  return steps
    .filter(({ op, urn }) => op !== "same" && op !== "read" && !urn.includes("pulumi:pulumi:Stack"))
    .map(({ op, urn }) => ({ op, what: kindOf(urn), name: urn.split("::").slice(3).join("::") }));
}

/** `rabbitmq:index/topicPermissions:TopicPermissions` as `rabbitmq topic permissions`. */
function kindOf(urn: string): string {
  const type = urn.split("::")[2]!.split("$").pop()!;
  const [broker = "", , kind = ""] = type.split(":");
  return `${broker} ${kind.replace(/(?<=[a-z])(?=[A-Z])/g, " ").toLowerCase()}`.trim();
}

/** What would take something away: no part of what invoke adds. */
export const losing = (steps: readonly Step[]): Step[] => steps.filter(({ op }) => /delete|replace/.test(op));
