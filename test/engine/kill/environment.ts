import { readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import type { AppAccess } from "../../../client/access.ts";
import type { OperatorAccess } from "../../../client/operator.ts";
import { cliVersion } from "../../../toolchain/recipes.ts";
import { must, type Result, run } from "../command.ts";
import { APPS, type Kind, kinds, PREFIX } from "./brokers.ts";
import { proxyTo, type Tap } from "./proxy.ts";

/** Where the tests' project is, and the brokers that it is tried on. */
export interface Ground {
  folder: string;
  /** Pulumi's home. */
  home: string;
  operator: OperatorAccess;
}

export function ground(): Ground {
  const { KILL_FOLDER, KILL_HOME, KILL_OUTPUTS } = process.env;
  const { operator } = JSON.parse(readFileSync(KILL_OUTPUTS!, "utf8"));
  return { folder: KILL_FOLDER!, home: KILL_HOME ?? join(homedir(), ".pulumi"), operator };
}

/** How many kills are tried in all; fewer in CI than for the figures in the README. */
export const kills = (): number => Number(process.env.KILLS ?? 10);

/** An environment of one broker, whose provider goes through a proxy of the test. */
export interface Environment {
  kind: Kind;
  name: string;
  folder: string;
  proxy: Tap;
  variables: Record<string, string | undefined>;
  /** Writes the skill's version that the next `up` makes; with `replacing`, one that replaces something, and is allowed to. */
  version(number: number, replacing?: boolean): void;
  pulumi(...args: string[]): Promise<Result>;
  messaging(...args: string[]): Promise<Result>;
  /** Pulumi itself, to be run and killed. */
  binary: string;
  /** Its resources as the state has them. */
  resources(): { type: string; urn: string; id?: string; inputs?: Record<string, unknown> }[];
  /** What the state notes as under way. */
  pending(): unknown[];
  apps(): Promise<Record<string, AppAccess>>;
  remove(): Promise<void>;
}

/** Makes an environment on one of the brokers. `MESSAGING_ENVIRONMENT` of the tests stays as it is. */
export async function environment(broker: Kind["name"]): Promise<Environment> {
  const { folder, home, operator } = ground();
  const kind = kinds[broker];
  const name = `${PREFIX}-${broker}`;
  const proxy = await proxyTo(kind.port(operator));
  const binary = join(home, "versions", cliVersion, "bin", "pulumi");
  const variables = {
    PULUMI_HOME: home,
    PULUMI_CONFIG_PASSPHRASE: undefined,
    PULUMI_CONFIG_PASSPHRASE_FILE: join(folder, ".state/passphrase"),
    PULUMI_BACKEND_URL: undefined,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    MESSAGING_ENVIRONMENT: undefined,
  };
  const options = { cwd: folder, env: variables };
  const pulumi = (...args: string[]) => run(binary, [...args, "--stack", name, "--non-interactive"], options);
  const file = join(folder, `Pulumi.${name}.yaml`);
  const stateFile = join(folder, ".state/.pulumi/stacks/messaging", `${name}.json`);
  const latest = () => JSON.parse(readFileSync(stateFile, "utf8")).checkpoint.latest ?? {};
  let turns = 0;
  const version = (number: number, replacing = false) => {
    if (replacing) turns++;
    const allow = replacing ? kind.replacement?.allow : undefined;
    const { encryptionsalt, config } = parse(readFileSync(file, "utf8"));
    const own = {
      ...config,
      ...kind.config(operator, proxy.port),
      "messaging:brokers": "external",
      "messaging:allowDataLoss": allow ? [allow] : [],
    };
    const skill = { ...NOTHING, apps: { base: null, ...APPS } };
    const patch = { ...skill, [broker]: withoutBase(kind.skill(number, turns)) };
    writeFileSync(file, `${JSON.stringify({ encryptionsalt, config: { ...own, "messaging:skill": patch } })}\n`);
  };

  writeFileSync(file, "config: {}\n");
  await must(binary, ["stack", "init", name, "--no-select", "--non-interactive"], options);
  const [key, value] = kind.secret?.(operator) ?? [];
  if (key && value)
    await must(binary, ["config", "set", "--secret", key, "--stack", name], { ...options, input: value });
  version(0);
  return {
    kind,
    name,
    folder,
    proxy,
    variables,
    version,
    pulumi,
    binary,
    messaging: (...args) => run(process.execPath, ["cli/messaging.mjs", ...args, "-e", name], options),
    resources: () => latest().resources ?? [],
    pending: () => latest().pending_operations ?? [],
    apps: async () => {
      const { stdout, output } = await pulumi("stack", "output", "apps", "--json", "--show-secrets");
      if (!stdout.startsWith("{")) throw new Error(output);
      return JSON.parse(stdout);
    },
    async remove() {
      // After a test that failed there may be a lock, and an operation under way.
      await run(process.execPath, ["cli/messaging.mjs", "recover", "--yes", "-e", name], options);
      const destroyed = await run(
        binary,
        ["destroy", "--yes", "--skip-preview", "--run-program", "--stack", name, "--non-interactive"],
        { ...options, env: { ...variables, MESSAGING_DISCARD: `${name}:all` } },
      );
      if (destroyed.code !== 0) throw new Error(destroyed.output);
      await must(binary, ["stack", "rm", "--yes", name, "--non-interactive"], options);
      await proxy.close();
    },
  };
}

/** A patch in which no broker is used. */
const NOTHING = { rabbitmq: null, kafka: null, sqs: null, redis: null };

/** The part with what the base skill has of it taken out. */
function withoutBase(part: object): object {
  const { queues, topics, instances } = part as Record<string, Record<string, { keys?: object }>>;
  return {
    ...part,
    ...(queues && { queues: { base: null, ...queues } }),
    ...(topics && { topics: { base: null, ...topics } }),
    ...(instances && {
      instances: {
        notifications: {
          ...instances.notifications,
          keys: { "base:*": null, ...instances.notifications?.keys },
        },
      },
    }),
  };
}
