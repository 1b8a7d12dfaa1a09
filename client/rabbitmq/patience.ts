import { setTimeout as wait } from "node:timers/promises";

/** Waits between tries to reach a broker, in milliseconds: ten seconds in all, in which one may restart. */
export const REACH_DELAYS_MS = [100, 200, 400, 800, 1_600, 3_200, 3_200];

const LONGEST_PAUSE_MS = 30_000;

/** What a try that goes on and on is told and tells. */
export interface Persistence {
  /** Told of every failure. */
  onError?: (error: Error) => void;
  /** No further try once it is aborted. */
  stopping: AbortSignal;
  /** No further try once it is false. Default: true. */
  needed?: () => boolean;
}

/** Tries at least once where it is needed, and until it works, with growing pauses. Undefined: it was given up. */
export async function persistently<T>(
  attempt: () => Promise<T>,
  { onError, stopping, needed = () => true }: Persistence,
): Promise<T | undefined> {
  for (let pause = 100; needed(); pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
    try {
      return await attempt();
    } catch (error) {
      onError?.(error as Error);
      if (stopping.aborted) return undefined;
      await wait(pause, undefined, { signal: stopping }).catch(() => undefined);
    }
  }
  return undefined;
}
