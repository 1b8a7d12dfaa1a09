import { Failure } from "../failure.ts";
import { type Holder, held, isReleasable, released } from "../locks.ts";
import type { Report } from "../progress.ts";
import { pulumiOutput, pulumiSays, stack } from "../pulumi.ts";
import { importState, readState } from "./store.ts";

const LOCK = /created by (\S+)@(\S+) \(pid (\d+)\)/g;
const BUSY = /currently locked|another update is currently in progress/i;

/**
 * The same as `releaseLocks` for a backend that is no folder, a bucket for one. Pulumi can only release all locks there (`pulumi
 * cancel`), so nothing is released unless every holder is known and may go.
 */
export async function releaseOtherLocks(report: Report, breakLock?: string): Promise<Holder[]> {
  // The only operation that takes the lock and changes nothing: to write what is there already.
  const { code, stdout, stderr } = await importState(await readState());
  if (code === 0) return [];
  const said = stderr || stdout;
  if (!BUSY.test(said)) throw new Failure(pulumiSays(said));
  const holders = holdersIn(said);
  if (holders.length === 0) {
    throw new Failure(
      `Another update holds this environment, and its backend does not say whose it is: wait for it. If you know that it was stopped: npx pulumi cancel --stack ${stack}, then this again.`,
    );
  }
  const living = holders.find((holder) => !isReleasable(holder, breakLock));
  if (living) throw new Failure(held(living));
  await pulumiOutput("cancel", "--yes", "--stack", stack);
  for (const holder of holders) report.say(released(holder));
  return holders;
}

/** Who holds the environment, by Pulumi's own words. */
export const holdersIn = (said: string): Holder[] =>
  [...said.matchAll(LOCK)].map(([, username = "", hostname = "", pid]) => ({ username, hostname, pid: Number(pid) }));
