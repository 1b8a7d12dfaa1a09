import type { Server } from "./server.ts";
import { trim } from "./trim.ts";

/** Trims a stream while its messages are acknowledged: each so many, and each so many milliseconds if there were any. */
export interface Trimmer {
  acknowledged(): void;
  /** Trims for the last time. */
  stop(): Promise<void>;
}

const ACKNOWLEDGED_MOST = 1_000;
const INTERVAL_MS = 5_000;

export function trimmer(server: Server, stream: string, onError: (error: Error) => void): Trimmer {
  const seen = new Map<string, number>();
  let count = 0;
  let running: Promise<unknown> = Promise.resolve();
  let busy = false;
  const trimNow = (): void => {
    if (count === 0 || busy) return;
    count = 0;
    busy = true;
    running = trim(server, stream, seen)
      .catch(onError)
      .finally(() => {
        busy = false;
      });
  };
  const timer = setInterval(trimNow, INTERVAL_MS);
  return {
    acknowledged() {
      count += 1;
      if (count >= ACKNOWLEDGED_MOST) trimNow();
    },
    async stop() {
      clearInterval(timer);
      await running;
      trimNow();
      await running;
    },
  };
}
