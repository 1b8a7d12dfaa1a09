import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "./failure.ts";
import { isAlive } from "./file-lock.ts";
import type { Report } from "./progress.ts";
import { isDefaultBackend, stack, stateFolder } from "./pulumi.ts";

/** What Pulumi writes into a lock of its file backend. */
export interface Lock {
  file: string;
  pid: number;
  hostname: string;
  username: string;
}

/** How long to wait for a Pulumi process of an earlier start that was killed, while Pulumi itself goes on. */
const OTHER_ENDS_MS = 10 * 60_000;

const lockFolder = join(stateFolder, ".pulumi", "locks", "organization", "messaging", stack);

/** Makes sure that no other Pulumi process holds the environment: waits for one that lives, and removes the lock of one that died. */
export async function releaseLocks(report: Report): Promise<void> {
  if (!isDefaultBackend()) return;
  const isDead = (lock: Lock) => isStale(lock, hostname(), isPulumi);
  const holders = () => readLocks().filter((lock) => !isDead(lock));
  if (holders().length > 0) {
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
  for (const lock of readLocks().filter(isDead)) {
    for (const file of [lock.file, `${lock.file}.attrs`]) rmSync(file, { force: true });
    report.say(`Released the lock of process ${lock.pid}, which was stopped while it changed this environment.`);
  }
}

/** Whether nobody can still be at work under this lock: its process is of this machine, and is no more or another by now. */
export function isStale(lock: Lock, thisHost: string, isAtWork: (pid: number) => boolean): boolean {
  return lock.hostname === thisHost && !isAtWork(lock.pid);
}

function held(lock: Lock): string {
  return `${lock.username} changes this environment from ${lock.hostname} (process ${lock.pid}): wait for it. If it was stopped, release its lock with npx pulumi cancel --stack ${stack}.`;
}

function readLocks(): Lock[] {
  if (!existsSync(lockFolder)) return [];
  return readdirSync(lockFolder)
    .filter((name) => name.endsWith(".json"))
    .flatMap((name) => readLock(join(lockFolder, name)) ?? []);
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
