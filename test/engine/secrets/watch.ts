import { type Dirent, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Haystacks } from "./haystacks.ts";

/** Milliseconds between two looks. A process or file that lives shorter can be missed. */
const PROCESSES_MS = 20;
const FILES_MS = 100;

/** Adds what the files below a folder hold, their names included; those that go while they are read are left out. */
export function addFiles(to: Haystacks, where: string, folder: string, leaveOut: readonly string[] = []): void {
  filesBelow(folder, leaveOut, (path, read) => to.add(where, path, ...read()));
}

/** Looks into the folder again and again, as `addFiles` does: what is there for a moment counts too. Returns what ends it. */
export function watchFiles(to: Haystacks, where: string, folder: string): () => void {
  const seen = new Map<string, string>();
  const look = () =>
    filesBelow(folder, [], (path, read) => {
      const { mtimeMs, size, ino } = statSync(path);
      const version = `${ino} ${mtimeMs} ${size}`;
      if (seen.get(path) === version) return;
      seen.set(path, version);
      to.add(where, path, ...read());
    });
  return repeat(look, FILES_MS);
}

function filesBelow(
  folder: string,
  leaveOut: readonly string[],
  file: (path: string, read: () => Buffer[]) => void,
): void {
  let entries: Dirent[] = [];
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (leaveOut.includes(entry.name)) continue;
    if (entry.isDirectory()) filesBelow(path, leaveOut, file);
    else if (entry.isFile()) missed(() => file(path, () => missed(() => [readFileSync(path)]) ?? []));
  }
}

/** Watches the command line and the environment of every process below one, until the returned function is called; it gives back their names. */
export function watchProcesses(to: Haystacks, where: string, root: number): () => string[] {
  const ours = new Set([root]);
  const names = new Set<string>();
  const look = () => {
    for (const pid of readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map(Number)) {
      if (!ours.has(pid) && !ours.has(parentOf(pid))) continue;
      ours.add(pid);
      if (pid === root) continue;
      // What stands between fork and exec is the parent's, and looked at again next time.
      const commandLine = missed(() => readFileSync(`/proc/${pid}/cmdline`));
      const environment = missed(() => readFileSync(`/proc/${pid}/environ`));
      if (commandLine) to.add(`${where}: arguments`, commandLine);
      if (environment) to.add(`${where}: environment`, environment);
      names.add(missed(() => readFileSync(`/proc/${pid}/comm`, "utf8").trim()) ?? "");
    }
  };
  const stop = repeat(look, PROCESSES_MS);
  return () => {
    stop();
    return [...names].filter((name) => name !== "").sort();
  };
}

const parentOf = (pid: number): number =>
  Number(missed(() => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)!.split(" ")[1]) ?? -1);

/** What is read, unless it is gone by now. */
function missed<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function repeat(look: () => void, milliseconds: number): () => void {
  look();
  const timer = setInterval(look, milliseconds);
  return () => {
    clearInterval(timer);
    look();
  };
}
