import type { Server } from "./server.ts";
import { trim } from "./trim.ts";

/** Trims a stream at once, and while its messages are acknowledged: each so many, and each so many milliseconds if there were any. */
export interface Trimmer {
  acknowledged(): void;
  /** Trims for the last time. */
  stop(): Promise<void>;
}

const ACKNOWLEDGED_MOST = 1_000;
const INTERVAL_MS = 5_000;

export async function trimmer(server: Server, stream: string, onError: (error: Error) => void): Promise<Trimmer> {
  const seen = new Map<string, number>();
  let count = 0;
  let running: Promise<unknown> = Promise.resolve();
  let busy = false;
  const trimWhereNeeded = (): void => {
    if (count > 0 && !busy) trimNow();
  };
  const trimNow = (): void => {
    count = 0;
    busy = true;
    running = trim(server, stream, seen)
      .catch(onError)
      .finally(() => {
        busy = false;
      });
  };
  // The first time is to meet all groups before one of them may vanish.
  trimNow();
  await running;
  const timer = setInterval(trimWhereNeeded, INTERVAL_MS);
  return {
    acknowledged() {
      count += 1;
      if (count >= ACKNOWLEDGED_MOST) trimWhereNeeded();
    },
    async stop() {
      clearInterval(timer);
      await running;
      trimWhereNeeded();
      await running;
    },
  };
}
