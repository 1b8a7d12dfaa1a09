import { setTimeout as wait } from "node:timers/promises";

/** Growing waits between attempts. */
export interface Waiting {
  /** Waits a little longer than the last time; less if `signal` is aborted. */
  next(signal?: AbortSignal): Promise<void>;
  /** Begins again with short waits. */
  reset(): void;
}

/** From `first` milliseconds, doubled each time, to `longest`. */
export function waiting(first = 100, longest = 2_000): Waiting {
  let delay = first;
  return {
    async next(signal) {
      const now = delay;
      delay = Math.min(delay * 2, longest);
      await pause(now, signal);
    },
    reset() {
      delay = first;
    },
  };
}

/** Waits so many milliseconds; less if `signal` is aborted. It never throws. */
export async function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  if (!signal?.aborted) await wait(milliseconds, undefined, { signal }).catch(() => {});
}

// The longest that a timer of Node waits.
const longestTimer = 2 ** 31 - 1;

/** Waits until a time, in milliseconds since 1970; less if `signal` is aborted. A timer may fire early, and a clock may be set. */
export async function until(time: number, signal: AbortSignal): Promise<void> {
  for (let left = time - Date.now(); left > 0 && !signal.aborted; left = time - Date.now()) {
    await pause(Math.min(left, longestTimer), signal);
  }
}
