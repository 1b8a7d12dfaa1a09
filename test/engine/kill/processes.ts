import { readdirSync, readFileSync } from "node:fs";

/** Who is killed: Pulumi's CLI, the program, the providers' plugins, or all that Pulumi started and itself. */
export type Victim = "cli" | "program" | "plugin" | "all";

interface Process {
  pid: number;
  parent: number;
  command: string;
}

/** Kills with SIGKILL. Gives back how many processes it was: none where the victim does not run (yet). */
export function kill(cli: number, victim: Victim): number {
  const all = processes();
  const below = descendants(cli, all);
  const pids = {
    cli: [cli],
    program: below.filter(({ command }) => command.includes("cmd/run")).map(({ pid }) => pid),
    plugin: below.filter(({ command }) => isPlugin(command)).map(({ pid }) => pid),
    all: [cli, ...below.map(({ pid }) => pid)],
  }[victim];
  return pids.filter((pid) => {
    try {
      process.kill(pid, "SIGKILL");
      return true;
    } catch {
      return false; // it has just ended
    }
  }).length;
}

const isPlugin = (command: string): boolean => /pulumi-resource-|main\.ts/.test(command);

function descendants(pid: number, all: Process[]): Process[] {
  return all.filter(({ parent }) => parent === pid).flatMap((child) => [child, ...descendants(child.pid, all)]);
}

function processes(): Process[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const [, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        return [{ pid: Number(pid), parent: Number(parent), command }];
      } catch {
        return []; // gone meanwhile
      }
    });
}
