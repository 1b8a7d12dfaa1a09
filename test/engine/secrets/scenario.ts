import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { connect } from "../../../client/index.ts";
import type { OperatorAccess } from "../../../client/operator.ts";
import { management } from "../adopt/byHand.ts";
import { type Clone, variables } from "../clone.ts";
import { must } from "../command.ts";
import type { Passwords } from "./administrators.ts";
import { configure, type Ground, STACK, setPasswords, stateFile } from "./ground.ts";
import type { Haystacks } from "./haystacks.ts";
import { verbs } from "./verbs.ts";
import { addFiles, watchProcesses } from "./watch.ts";

export interface Scenario {
  clone: Clone;
  operator: Required<OperatorAccess>;
  ground: Ground;
  to: Haystacks;
  passwords: Passwords;
  wrong: Passwords;
  /** A folder that is not looked through: what debugging aids write goes there, and is added by name. */
  aside: string;
}

const UP = ["up", "--yes", "--skip-preview"];
const VERBOSE = ["--logtostderr", "-v=9", "--logflow"];

/** A step that must end well. */
async function well(running: ReturnType<Ground["pulumi"]>): Promise<string> {
  const { code, output, stdout } = await running;
  if (code !== 0) throw new Error(output);
  return stdout;
}

/** Makes the marked environment, watched; returns which programs were seen. */
export async function bringUp({ clone, operator, ground, to, passwords }: Scenario): Promise<string[]> {
  const { pulumi } = ground;
  writeFileSync(join(clone.folder, `Pulumi.${STACK}.yaml`), "config: {}\n");
  await well(pulumi("pulumi stack init", ["stack", "init", "--no-select"]));
  await setPasswords(ground, passwords);
  configure(clone, operator);
  const stop = watchProcesses(to, "processes of up", process.pid);
  await well(pulumi("pulumi up", UP));
  return stop();
}

/** Pulumi on a stack, whose output is not looked through: secrets are revealed. */
export const asking =
  (clone: Clone, stack: string) =>
  (...args: string[]): Promise<string> =>
    must("npx", ["pulumi", ...args, "--stack", stack, "--non-interactive"], {
      cwd: clone.folder,
      env: { ...variables(clone), PULUMI_CONFIG_PASSPHRASE_FILE: join(clone.folder, ".state/passphrase") },
    });

/** All that Pulumi prints of an environment that is up, with a change ahead. */
export async function lookAtIt({ clone, operator, ground: { pulumi }, aside }: Scenario): Promise<void> {
  await Promise.all([
    well(pulumi("pulumi stack output", ["stack", "output"])),
    well(pulumi("pulumi stack output --json", ["stack", "output", "--json"])),
    well(pulumi("pulumi stack export", ["stack", "export"])),
    well(pulumi("pulumi stack history --json", ["stack", "history", "--json", "--full-dates"])),
    well(pulumi("pulumi config --json", ["config", "--json"])),
    well(pulumi("pulumi stack", ["stack", "--show-urns", "--show-ids"])),
  ]);
  configure(clone, operator, true);
  await well(pulumi("pulumi preview --json", ["preview", "--json"]));
  const plan = ["--save-plan", join(aside, "plan.json"), "--policy-pack", "policies"];
  await pulumi("pulumi preview --diff", ["preview", "--diff", "--show-reads", "--show-sames", ...plan]);
}

/** The change, with everything that helps to find errors. */
export async function changeIt({ ground: { pulumi }, to, aside }: Scenario): Promise<void> {
  const grpc = join(aside, "grpc.json");
  const trace = join(aside, "trace");
  const debugging = { env: { PULUMI_DEBUG_GRPC: grpc, TF_LOG: "TRACE" } };
  await well(pulumi("pulumi up -v=9", [...UP, ...VERBOSE, "--tracing", `file:${trace}`], debugging));
  to.add("the file of PULUMI_DEBUG_GRPC", readFileSync(grpc));
  to.add("the file of --tracing", readFileSync(trace));
  await well(pulumi("pulumi refresh -v=9", ["refresh", "--yes", "--skip-preview", ...VERBOSE]));
}

/** An `up` that is killed midway, and what brings it back. */
export async function killIt({ clone, operator, ground, to }: Scenario): Promise<number> {
  configure(clone, operator);
  const pending = await ground.killedUp();
  to.add("the state after a kill", readFileSync(stateFile(clone)));
  await ground.messaging("messaging recover, after a kill", [
    "recover",
    "--yes",
    "--json",
    "--log",
    "json",
    "-e",
    STACK,
  ]);
  await well(ground.pulumi("pulumi up --json", [...UP, "--json"]));
  return pending;
}

/** Passwords that the brokers refuse, and then brokers that are away. */
export async function refuseIt({ clone, operator, ground, to, passwords, wrong }: Scenario): Promise<string[]> {
  const said: string[] = [];
  await setPasswords(ground, wrong);
  for (const args of [
    [...UP, "--continue-on-error"],
    ["refresh", "--yes", "--skip-preview", "--run-program"],
  ])
    said.push((await ground.pulumi("pulumi, refused", args)).output);
  said.push((await ground.messaging("messaging adopt, refused", ["adopt", "--force", "-e", STACK])).output);
  to.add("the state after a refusal", readFileSync(stateFile(clone)));
  await setPasswords(ground, passwords);
  const { rabbitmq, kafka, redis } = operator;
  configure(clone, {
    ...operator,
    rabbitmq: { ...rabbitmq, managementUrl: "http://127.0.0.1:9", url: "amqp://127.0.0.1:9" },
    kafka: { ...kafka, bootstrapServers: ["127.0.0.1:9"] },
    redis: { ...redis, notifications: { ...redis.notifications!, port: 9 } },
  });
  said.push((await ground.pulumi("pulumi, away", ["preview"])).output);
  configure(clone, operator);
  return said;
}

/** Every command of `messaging`, on both environments. */
export async function runVerbs({ clone, ground }: Scenario): Promise<void> {
  for (const { args, json, live, markedOnly, ends = [0] } of verbs) {
    const call = (stack: string, ...more: string[]) => {
      const full = [...args, ...more, ...(live ? ["-e", stack] : [])];
      return ground.messaging(`messaging ${[...args, ...more].join(" ")}`, full);
    };
    const asJson = [...(json ? ["--json"] : []), "--log", "json"];
    const calls = [call(STACK, ...asJson), ...(markedOnly ? [] : [call(clone.environment)])];
    for (const { code, output } of await Promise.all(calls))
      if (!ends.includes(code)) throw new Error(`${args.join(" ")}: ${output}`);
  }
}

/** `npm start` with nothing to change, and `npm run down` while messages wait. */
export async function runNpm({ clone, ground }: Scenario): Promise<void> {
  const apps = JSON.parse(
    await asking(clone, clone.environment)("stack", "output", "apps", "--json", "--show-secrets"),
  );
  const client = connect(apps["order-service"]);
  await client.publish("rabbitmq/orders", { body: "waiting", key: "order.created" });
  await client.close();
  await well(ground.npm("npm start, the second", ["start"]));
  const down = await ground.npm("npm run down, refused", ["run", "down"]);
  const { rabbitmq } = JSON.parse(
    await asking(clone, clone.environment)("stack", "output", "operator", "--json", "--show-secrets"),
  );
  await management(rabbitmq)("DELETE", "queues/orders/orders/contents");
  if (down.code !== 1) throw new Error(down.output);
}

/** Takes it down, verbosely, and forgets it. */
export async function takeDown({ ground: { pulumi } }: Scenario): Promise<void> {
  const args = ["destroy", "--yes", "--skip-preview", "--run-program", ...VERBOSE];
  await well(pulumi("pulumi destroy -v=9", args, { env: { MESSAGING_DISCARD: `${STACK}:all` } }));
}

/** What lies about afterwards. */
export function addWhatIsLeft({ clone, to }: Scenario): void {
  addFiles(to, "Pulumi's home", join(clone.folder, ".home"), ["plugins", "versions", "bin", "templates"]);
  addFiles(to, "files of the clone", clone.folder, [".home", ".state", "node_modules"]);
}

/** The folders that the scenario needs. */
export function folders(base: string): { temporary: string; aside: string } {
  const [temporary, aside] = [join(base, "tmp"), join(base, "aside")];
  for (const folder of [temporary, aside]) mkdirSync(folder);
  return { temporary, aside };
}

/** Removes the files that Pulumi keeps of an environment that is gone, and those that the commands wrote. */
export function removeTraces(clone: Clone): void {
  const { folder } = clone;
  const stacks = dirname(stateFile(clone));
  // A kill leaves some of Pulumi's that are not finished.
  const states = readdirSync(stacks).filter((file) => file.startsWith(`${STACK}.json`));
  for (const file of states) rmSync(join(stacks, file));
  for (const file of [`Pulumi.${STACK}.yaml`, "skill.adopted.yaml", "import.json"])
    rmSync(join(folder, file), { force: true });
  for (const kind of ["history", "backups"])
    rmSync(join(folder, ".state/.pulumi", kind, "messaging", STACK), { recursive: true, force: true });
}
