import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import type { RedisOperator } from "../../../client/operator.ts";
import { type Entry, toEntries } from "../../../client/redis/replies.ts";
import { type Reply, type Server, serverOf } from "../../../client/redis/server.ts";
import { retries } from "./environment.ts";

export const INSTANCE = "notifications";

/** The server as its administrator. */
export const administrator = (): Server => serverOf(operatorAccess());

export const operatorAccess = (): RedisOperator => retries().operator.redis![INSTANCE]!;

/** Every stream as `npm start` made it: empty, with groups that have read nothing. */
export async function reset(server: Server): Promise<void> {
  for (const { stream, deadLetterStream } of operatorAccess().deadLetters)
    await server.ask(["DEL", stream, deadLetterStream]);
  for (const { stream, group } of operatorAccess().deadLetters) {
    await server.ask(["XGROUP", "CREATE", stream, group, "0", "MKSTREAM"]);
  }
}

export const lengthOf = async (server: Server, stream: string): Promise<number> =>
  Number(await server.ask(["XLEN", stream], 60_000));

/** Every entry of a stream. */
export async function entriesOf(server: Server, stream: string): Promise<Entry[]> {
  return toEntries(await server.ask(["XRANGE", stream, "-", "+"]));
}

/** The values of one field of every entry of a stream. */
export const fieldOf = async (server: Server, stream: string, field: string): Promise<string[]> =>
  (await entriesOf(server, stream)).map(({ fields }) => {
    const found = fields.find(([name]) => name.toString() === field);
    return found ? found[1].toString() : "";
  });

/** How many entries of the group are delivered and not acknowledged. */
export async function pendingCount(server: Server, stream: string, group: string): Promise<number> {
  const [count] = (await server.ask(["XPENDING", stream, group], 60_000)) as Reply[];
  return Number(count);
}

/** Waits until something is so. */
export async function until(met: () => boolean | Promise<boolean>, what: string, milliseconds = 60_000): Promise<void> {
  const end = Date.now() + milliseconds;
  while (!(await met())) {
    if (Date.now() > end) throw new Error(`not within ${milliseconds / 1000} s: ${what}`);
    await wait(20);
  }
}

/** Starts the child process of these tests; returns when it says that it is ready. */
export async function child(...args: string[]): Promise<ChildProcess> {
  const script = join(import.meta.dirname, "redis-child.ts");
  const started = spawn(process.execPath, ["--import", "tsx", script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise<void>((resolve, reject) => {
    started.stdout!.on("data", (text) => String(text).includes("ready") && resolve());
    started.on("exit", (code) => reject(new Error(`the child ended with ${code} before it was ready`)));
  });
  return started;
}

/** Ends a child that this test started as a power cut would. Tells whether it was still running: where it was not, nothing was interrupted. */
export async function killed(started: ChildProcess): Promise<boolean> {
  if (started.exitCode !== null || started.signalCode !== null) return false;
  const gone = new Promise((resolve) => started.once("exit", resolve));
  started.kill("SIGKILL");
  await gone;
  return started.signalCode === "SIGKILL";
}

/** Minimum, median, 99th percentile and maximum. */
export function distribution(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  return `n ${sorted.length}, min ${at(0)}, median ${at(0.5)}, p99 ${at(0.99)}, max ${sorted.at(-1)}`;
}
