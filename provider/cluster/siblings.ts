import { execFileSync } from "node:child_process";
import { basename } from "node:path";

/** A process of this machine. */
export interface Process {
  pid: number;
  parent: number;
  command: string;
}

/** Ends the plugins of this name that the same Pulumi has started as this one. */
export function endSiblings(plugin: string, parent = process.ppid): void {
  for (const pid of siblingsIn(processes(), plugin, parent)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has just ended.
    }
  }
}

/** Their process numbers. */
export const siblingsIn = (all: readonly Process[], plugin: string, parent: number): number[] =>
  all
    .filter((one) => one.parent === parent && basename(one.command.split(" ")[0] ?? "") === plugin)
    .map(({ pid }) => pid);

/** Reads what `ps -axo pid=,ppid=,args=` prints. */
export const readProcesses = (printed: string): Process[] =>
  printed.split("\n").flatMap((line) => {
    const [, pid, parent, command = ""] = /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    return pid ? [{ pid: Number(pid), parent: Number(parent), command }] : [];
  });

function processes(): Process[] {
  try {
    return readProcesses(execFileSync("ps", ["-axo", "pid=,ppid=,args="], { encoding: "utf8" }));
  } catch {
    return []; // without ps nobody can be ended, and the update says only that the broker is away
  }
}
