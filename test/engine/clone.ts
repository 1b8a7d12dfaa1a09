import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse, stringify } from "yaml";
import { must, type Result, run } from "./command.ts";

const root = join(import.meta.dirname, "../..");

/** A clone of the project with a Pulumi home of its own, and the environment that it makes. */
export interface Clone {
  folder: string;
  environment: string;
  ports: { rabbitmq: number; rabbitmqManagement: number; kafka: number; aws: number; redis: Record<string, number> };
}

/**
 * The files that git knows, in an empty folder; nothing that was built, and an empty Pulumi home. Dependencies are those
 * installed here. `skill` is the file of the project that becomes its skill.yaml. `firstPort` is below those that Linux gives out by
 * itself (32768 and up).
 */
export async function makeClone(environment: string, firstPort: number, skill = "skill.yaml"): Promise<Clone> {
  const folder = mkdtempSync(join(tmpdir(), `messaging-${environment}-`));
  const listed = await must("git", ["ls-files", "-co", "--exclude-standard"], { cwd: root });
  // Those that were deleted and are not committed yet are listed too.
  for (const file of listed.split("\n").filter((name) => name !== "" && existsSync(join(root, name)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(root, file), join(folder, file));
  }
  cpSync(join(root, skill), join(folder, "skill.yaml"));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  const ports = {
    rabbitmq: firstPort,
    rabbitmqManagement: firstPort + 1,
    kafka: firstPort + 2,
    aws: firstPort + 3,
    redis: Object.fromEntries(instancesOf(skill).map((instance, at) => [instance, firstPort + 4 + at])),
  };
  const config = { "messaging:brokers": "local", "messaging:local": { ports } };
  writeFileSync(join(folder, `Pulumi.${environment}.yaml`), `# of the tests\n${stringify({ config })}`);
  return { folder, environment, ports };
}

const instancesOf = (skill: string): string[] =>
  Object.keys(parse(readFileSync(join(root, skill), "utf8")).redis?.instances ?? {});

/** Deletes the clone's files. Its environment must be down already. */
export const removeClone = ({ folder }: Clone) => rmSync(folder, { recursive: true, force: true });

const homeOf = ({ folder }: Clone) => join(folder, ".home");

/** The environment variables of a new user: none of Pulumi's but an empty home. */
export const variables = (clone: Clone) => ({
  PULUMI_HOME: homeOf(clone),
  PULUMI_CONFIG_PASSPHRASE: undefined,
  PULUMI_CONFIG_PASSPHRASE_FILE: undefined,
  PULUMI_BACKEND_URL: undefined,
  MESSAGING_ENVIRONMENT: clone.environment,
});

/** `npm start`, `npm run down`: what the README tells a newcomer to type. */
export const npm = (clone: Clone, ...args: string[]): Promise<Result> =>
  run("npm", args, { cwd: clone.folder, env: variables(clone) });

/** `npx pulumi …` as the README tells it, with the passphrase that `npm start` made. */
export const pulumi = (clone: Clone, ...args: string[]): Promise<Result> =>
  run("npx", ["pulumi", ...args, "--non-interactive"], { cwd: clone.folder, env: signedIn(clone) });

const signedIn = (clone: Clone) => ({
  ...variables(clone),
  PULUMI_CONFIG_PASSPHRASE_FILE: join(clone.folder, ".state/passphrase"),
});

/** Sets passwords of a stack by standard input, as the README says: one that begins with `-` is no flag there. */
export async function setSecrets(clone: Clone, stack: string, secrets: Record<string, string>): Promise<void> {
  const options = { cwd: clone.folder, env: signedIn(clone) };
  for (const [key, input] of Object.entries(secrets)) {
    const args = ["config", "set", "--secret", `messaging:${key}`, "--stack", stack, "--non-interactive"];
    await must("npx", ["pulumi", ...args], { ...options, input });
  }
}

/** Replaces text in a file of the clone, which must be there exactly once. */
export function edit(clone: Clone, file: string, from: string, to: string): void {
  const path = join(clone.folder, file);
  const text = readFileSync(path, "utf8");
  if (text.split(from).length !== 2) throw new Error(`${file} has not exactly one ${JSON.stringify(from)}`);
  writeFileSync(
    path,
    text.replace(from, () => to),
  );
}

/** Puts a file of the clone back as it is in the project. */
export const restore = (clone: Clone, file: string) => cpSync(join(root, file), join(clone.folder, file));

/** A stack output, secrets revealed. */
export async function output<T>(clone: Clone, name: string): Promise<T> {
  const { code, output: printed, stdout } = await pulumi(clone, "stack", "output", name, "--json", "--show-secrets");
  if (code !== 0) throw new Error(printed);
  return JSON.parse(stdout) as T;
}

/** The steps that `pulumi preview` would take, but for those that leave a resource as it is. */
export async function plannedSteps(clone: Clone): Promise<{ op: string; type: string; name: string }[]> {
  const { code, stdout, output: printed } = await pulumi(clone, "preview", "--json");
  if (code !== 0) throw new Error(printed);
  const plan = JSON.parse(stdout) as { steps: { op: string; urn: string }[] };
  return plan.steps
    .filter(({ op }) => op !== "same")
    .map(({ op, urn }) => ({ op, type: typeOf(urn), name: urn.split("::").slice(3).join("::") }))
    .filter(({ type }) => type !== "pulumi:pulumi:Stack")
    .sort((a, b) => (`${a.type} ${a.name}` < `${b.type} ${b.name}` ? -1 : 1));
}

const typeOf = (urn: string) => urn.split("::")[2]!.split("$").pop()!;

/** The name of a broker's container. */
export const container = ({ environment }: Clone, broker: string) => `messaging-${environment}-${broker}`;

/** Runs a command in a broker's container. */
export const inside = (clone: Clone, broker: string, command: string[], input = ""): Promise<Result> =>
  run("docker", ["exec", "-i", container(clone, broker), ...command], { input });
