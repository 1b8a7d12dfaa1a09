import { existsSync } from "node:fs";
import { checkState } from "../attributes.ts";
import { localState } from "../deployment.ts";
import { ensureEngine } from "../engine.ts";
import { Failure } from "../failure.ts";
import { type Holder, holderOf, lockFolder, releaseLocks } from "../locks.ts";
import type { Report } from "../progress.ts";
import { isDefaultBackend, stack, stateFile } from "../pulumi.ts";
import { ensurePulumi, pulumiBinary } from "../pulumi-install.ts";
import { repairContainers } from "../repair.ts";
import { releaseOtherLocks } from "./otherLocks.ts";
import type { Found } from "./pending.ts";
import { endLeftPlugins } from "./processes.ts";
import { type Adopt, recoverPending, recoverUnnoted } from "./steps.ts";
import { readState } from "./store.ts";

export type { Found } from "./pending.ts";
export { type Adopt, recoverPending, recoverUnnoted } from "./steps.ts";

/** What a recovery found and did. */
export interface Recovery {
  /** Holders of locks that were released, as `user@host:pid`. */
  released: string[];
  /** Numbers of processes that were ended: plugins that a dead Pulumi had left. */
  ended: number[];
  /** What was done to containers of the local environment, a sentence each. */
  containers: string[];
  found: Found[];
}

export interface RecoverOptions {
  /** The holder of a lock of another machine, which is released all the same. */
  breakLock?: string;
  /** Whether what exists, is in the program and is noted nowhere becomes the environment's. */
  adopt: Adopt;
}

/** Brings an environment's state to where `up` can go on from, after anything was killed at any moment. May itself be stopped and run again. */
export async function recover(report: Report, { breakLock, adopt }: RecoverOptions): Promise<Recovery> {
  if (!existsSync(pulumiBinary())) await ensurePulumi([], report);
  if (isDefaultBackend() && !existsSync(stateFile)) {
    throw new Failure(`environment ${stack}: must exist, got none (npm start makes local)`);
  }
  const holders = await takeLocks(report, breakLock);
  const ended = await endLeftPlugins();
  checkState();
  const containers: string[] = [];
  const local = localState(await readState());
  if (local.containers.length + local.volumes.length + local.interrupted.length > 0) {
    await ensureEngine(report);
    await repairContainers({ ...report, say: (line) => containers.push(line) });
  }
  const pending = await recoverPending(report);
  const unnoted = await recoverUnnoted(report, adopt);
  return { released: holders.map(holderOf), ended, containers, found: [...pending, ...unnoted] };
}

async function takeLocks(report: Report, breakLock?: string): Promise<Holder[]> {
  const holders =
    lockFolder() === undefined
      ? await releaseOtherLocks(report, breakLock)
      : await releaseLocks(report, { wait: false, breakLock });
  if (breakLock !== undefined && !holders.some((holder) => holderOf(holder) === breakLock)) {
    throw new Failure(
      `--break-lock: must name the holder of a lock of this environment, got ${JSON.stringify(breakLock)}`,
    );
  }
  return holders;
}
