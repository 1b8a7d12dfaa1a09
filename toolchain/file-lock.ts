import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** Runs `work` while no other process of this machine does so under the same lock file. A dead process's lock is taken over. */
export async function withFileLock<T>(
  file: string,
  tell: (detail: string) => void,
  work: () => Promise<T>,
): Promise<T> {
  while (!take(file)) {
    const owner = Number(readFileSync(file, { encoding: "utf8", flag: "a+" }));
    if (owner > 0 && isAlive(owner)) {
      tell(`process ${owner} is at it already`);
      await sleep(500);
    } else {
      rmSync(file, { force: true });
    }
  }
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/** Whether a process of this machine lives, whoever owns it. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
  return !isZombie(pid);
}

/** One that ended, and whose parent has not looked yet: in a container it may stay so for long. */
function isZombie(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false; // no /proc here, or gone
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch {
    return false;
  }
}
