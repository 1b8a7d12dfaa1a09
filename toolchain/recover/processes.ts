import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isAlive } from "../file-lock.ts";
import { root } from "../paths.ts";

/** A process of this machine, as /proc tells it. */
export interface Process {
  pid: number;
  parent: number;
  /** The first 15 characters of its program's name; of a Pulumi program in Node a name of ours. */
  name: string;
  folder: string;
}

/** How long a process that was ended may take to be gone, in milliseconds. */
const GONE_MS = 5_000;

/**
 * Ends the plugins of a Pulumi that was killed: they live on for minutes, and may still finish what they were told to do after
 * everybody has looked. Gives back their process numbers. Only where there is /proc; elsewhere they end by themselves.
 */
export async function endLeftPlugins(): Promise<number[]> {
  const left = leftPlugins(processes(), root);
  for (const { pid } of left) kill(pid);
  const deadline = Date.now() + GONE_MS;
  while (left.some(({ pid }) => isAlive(pid)) && Date.now() < deadline) await sleep(50);
  return left.map(({ pid }) => pid);
}

/** The plugins that worked in a folder and whose Pulumi is no more. */
export function leftPlugins(all: readonly Process[], folder: string): Process[] {
  const byPid = new Map(all.map((process) => [process.pid, process]));
  return all
    .filter(({ name, folder: place }) => /^pulumi-(resourc|languag)/.test(name) && place === folder)
    .filter(({ parent }) => !byPid.get(parent)?.name.startsWith("pulumi"));
}

function processes(): Process[] {
  try {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => readProcess(Number(pid)) ?? []);
  } catch {
    return []; // no /proc here
  }
}

function readProcess(pid: number): Process | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name is between brackets, and may hold brackets itself.
    const name = stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")"));
    const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const folder = readlinkSync(`/proc/${pid}/cwd`);
    return { pid, parent: Number(parent), name: isProgram(pid, name) ? PROGRAM : name, folder };
  } catch {
    return undefined; // gone, or another user's
  }
}

/** A program outlives a language plugin that was killed where it waits for something. */
const isProgram = (pid: number, name: string): boolean =>
  /^(node|MainThread)/.test(name) && readFileOr(`/proc/${pid}/cmdline`).includes("/@pulumi/pulumi/cmd/run");

const PROGRAM = "pulumi-language program";

function readFileOr(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has just ended.
  }
}
