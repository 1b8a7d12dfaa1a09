import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { backendFolder, projectOf } from "../live/stateFile.ts";
import { removeEarlyAttributes } from "./attributes.ts";
import { Failure } from "./failure.ts";
import { isAlive } from "./file-lock.ts";
import { root } from "./paths.ts";
import type { Report } from "./progress.ts";
import { stack } from "./pulumi.ts";

/** Who holds an environment, as Pulumi writes it into a lock. */
export interface Holder {
  pid: number;
  hostname: string;
  username: string;
}

/** A lock of a backend that is a folder. */
export interface Lock extends Holder {
  file: string;
}

/** What is done about locks whose holder is not known to be gone. */
export interface ReleaseOptions {
  /** Whether a process of this machine that lives is waited for. Default: it is, for ten minutes. */
  wait?: boolean;
  /** The holder, as `holderOf` writes it, of a lock of another machine that is released all the same. */
  breakLock?: string;
}

/** How long to wait for a Pulumi process of an earlier start that was killed, while Pulumi itself goes on. */
const OTHER_ENDS_MS = 10 * 60_000;

/** Where the locks of a backend are that is a folder: the one beside the project, or another. Undefined: the backend is none. */
export function lockFolder(url?: string): string | undefined {
  const folder = backendFolder(root, url);
  return folder && join(folder, "locks", "organization", projectOf(root), stack);
}

/**
 * Makes sure that no other Pulumi process holds the environment: waits for one that lives, and removes the lock of one that died.
 * Gives back whose locks it removed. Of a backend that is no folder it knows nothing, and leaves its locks.
 */
export async function releaseLocks(report: Report, { wait = true, breakLock }: ReleaseOptions = {}): Promise<Holder[]> {
  const folder = lockFolder();
  if (folder === undefined) return [];
  const isDead = (lock: Lock) => isReleasable(lock, breakLock);
  const holders = () => readLocks(folder).filter((lock) => !isDead(lock));
  const [holder] = holders();
  if (holder && !wait) throw new Failure(held(holder));
  if (holder) {
    await report.step("Waiting for another Pulumi process that changes this environment", async (tell) => {
      const deadline = Date.now() + OTHER_ENDS_MS;
      for (let [lock] = holders(); lock; [lock] = holders()) {
        if (lock.hostname !== hostname() || Date.now() > deadline) throw new Failure(held(lock));
        tell(`process ${lock.pid}`);
        await sleep(500);
      }
    });
  }
  // Judged once more: another process may have taken a lock of its own since.
  const dead = readLocks(folder).filter(isDead);
  if (dead.length > 0) removeEarlyAttributes();
  for (const lock of dead) {
    for (const file of [lock.file, `${lock.file}.attrs`]) rmSync(file, { force: true });
    report.say(released(lock));
  }
  return dead;
}

/** Whether a lock may go: its holder is no more, or it is the one of another machine that the user has named. */
export const isReleasable = (holder: Holder, breakLock?: string, here = hostname()): boolean =>
  isStale(holder, here, isPulumi) || (holder.hostname !== here && holderOf(holder) === breakLock);

/** Whether nobody can still be at work under this lock: its process is of this machine, and is no more or another by now. */
export function isStale(holder: Holder, thisHost: string, isAtWork: (pid: number) => boolean): boolean {
  return holder.hostname === thisHost && !isAtWork(holder.pid);
}

/** A holder as `--break-lock` takes it: `ci@runner-7:4711`. */
export const holderOf = ({ username, hostname, pid }: Holder): string => `${username}@${hostname}:${pid}`;

/** Says that a lock was released. */
export const released = ({ pid, hostname: host }: Holder): string =>
  host === hostname()
    ? `Released the lock of process ${pid}, which was stopped while it changed this environment.`
    : `Released the lock of process ${pid} on ${host}, as told.`;

/** Says whose lock stays. */
export function held(holder: Holder): string {
  const { username, hostname: host, pid } = holder;
  const place = `${username} changes this environment from ${host} (process ${pid}): wait for it.`;
  if (host === hostname()) return place;
  return `${place} If you know that it was stopped: npx messaging recover -e ${stack} --break-lock ${holderOf(holder)}`;
}

function readLocks(folder: string): Lock[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => readLock(join(folder, name)) ?? []);
}

function readLock(file: string): Lock | undefined {
  try {
    return { ...JSON.parse(readFileSync(file, "utf8")), file };
  } catch {
    return undefined; // released, or not written to its end, at this very moment
  }
}

/** A process number is given to others in time: on Linux the name is compared as well. */
function isPulumi(pid: number): boolean {
  if (!isAlive(pid)) return false;
  const comm = `/proc/${pid}/comm`;
  try {
    return !existsSync(comm) || readFileSync(comm, "utf8").startsWith("pulumi");
  } catch {
    return false;
  }
}
