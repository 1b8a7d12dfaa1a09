import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { Environment } from "./environment.ts";
import { kill, type Victim } from "./processes.ts";

/** The moments of an `up` at which something is killed. */
export const PHASES = [
  "before the lock",
  "locked, no operation yet",
  "operation noted, broker not called",
  "broker called, reply held",
  "between delete and create",
  "while the state is written",
  "after the last operation",
] as const;
export type Phase = (typeof PHASES)[number];

export interface Kill {
  phase: Phase;
  victim: Victim;
  /** Which of the requests, or writes of the state, it is. */
  nth: number;
}

const PATIENCE_MS = 120_000;

/** Runs `up` and kills at a moment. Gives back whether that moment came and somebody was there to be killed, and what Pulumi said. */
export async function killedUp(
  env: Environment,
  { phase, victim, nth }: Kill,
): Promise<{ hit: boolean; said: string }> {
  const args = ["up", "--yes", "--skip-preview", "--stack", env.name, "--color", "never", "--suppress-outputs"];
  const cli = spawn(env.binary, [...args, "--non-interactive"], {
    cwd: env.folder,
    env: { ...process.env, ...env.variables },
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let ended = false;
  const end = new Promise<void>((resolve) => {
    cli.on("close", () => {
      ended = true;
      resolve();
    });
  });
  let said = "";
  for (const stream of [cli.stdout, cli.stderr]) stream.setEncoding("utf8").on("data", (text) => (said += text));
  const until = async (met: () => boolean) => {
    while (!met() && !ended) await wait(2);
    return !ended;
  };
  const reached = await Promise.race([moment(env, phase, nth, until, () => said), end.then(() => false)]);
  const hit = reached && kill(cli.pid!, victim) > 0;
  env.proxy.release();
  const late = setTimeout(() => kill(cli.pid!, "all"), PATIENCE_MS);
  // Where the CLI was killed alone its children hold its outputs open.
  await Promise.race([end, until(() => cli.exitCode !== null || cli.signalCode !== null)]);
  clearTimeout(late);
  return { hit, said };
}

type Until = (met: () => boolean) => Promise<boolean>;

async function moment(env: Environment, phase: Phase, nth: number, until: Until, said: () => string) {
  const { kind, proxy } = env;
  switch (phase) {
    case "before the lock":
      return (await wait(5 + nth * 5)) ?? locks(env).length === 0;
    case "locked, no operation yet":
      return until(() => locks(env).length > 0);
    case "operation noted, broker not called":
      return held(proxy.hold({ matches: kind.changes, skip: nth, side: "request" }));
    case "broker called, reply held":
      return held(proxy.hold({ matches: kind.changes, skip: nth, side: "reply" }));
    case "between delete and create":
      return held(proxy.hold({ ...kind.replacement!, side: "request" }));
    case "while the state is written":
      return writes(env, nth, until);
    case "after the last operation":
      return until(() => /pulumi:pulumi:Stack \S+ +(created|updated)?/.test(lastOf(said())));
  }
}

const held = (promise: Promise<void>): Promise<true> => promise.then(() => true);

/** The line on the stack itself comes when everything in it is done. */
const lastOf = (said: string): string =>
  said.split("\n").find((line) => /^ {4}pulumi:pulumi:Stack|Stack \S+ (created|updated)/.test(line)) ?? "";

const stacksOf = ({ folder }: Environment) => join(folder, ".state/.pulumi/stacks/messaging");

/** The locks of an environment. */
export function locks({ folder, name }: Environment): string[] {
  const place = join(folder, ".state/.pulumi/locks/organization/messaging", name);
  return existsSync(place) ? readdirSync(place).filter((file) => file.endsWith(".json")) : [];
}

/** Right when the state's file, or one of those that it is written with, has changed for the nth time. */
async function writes(env: Environment, nth: number, until: Until): Promise<boolean> {
  const look = () =>
    readdirSync(stacksOf(env))
      .filter((file) => file.startsWith(env.name))
      .map((file) => `${file} ${statSync(join(stacksOf(env), file), { throwIfNoEntry: false })?.mtimeMs}`)
      .join();
  let before = look();
  let changes = 0;
  return until(() => {
    const now = look();
    if (now !== before) changes++;
    before = now;
    return changes > nth;
  });
}
