import { withRetries } from "../client/connection.ts";
import { ConnectionError } from "../client/message.ts";
import type { Streams } from "./index.ts";

/** A broker that does not answer is asked again after these waits, in milliseconds: three times, exponentially from 1 s. */
export const CONNECTION_RETRIES_MS = [1_000, 2_000, 4_000] as const;

/** Whether a line says that something is tried again, and not how it ended. */
export const isRetry = (line: string): boolean => /; trying again in [\d.]+ s$/.test(line);

/** Runs what asks a broker, again after each wait while it throws a ConnectionError, and tells each time. Throws the last one. */
export function withPatience<T>(
  { stderr }: Pick<Streams, "stderr">,
  ask: () => Promise<T>,
  delays: readonly number[] = CONNECTION_RETRIES_MS,
): Promise<T> {
  let tried = 0;
  return withRetries(delays, async () => {
    try {
      return await ask();
    } catch (error) {
      const wait = delays[tried++];
      if (error instanceof ConnectionError && wait !== undefined)
        stderr.write(`messaging: ${error.message}; trying again in ${wait / 1000} s\n`);
      throw error;
    }
  });
}

/** `withPatience` for a whole command: all flows of a broker may fail alike, so each reason is told once. */
export function patient(
  { stderr }: Pick<Streams, "stderr">,
  delays: readonly number[],
): <T>(ask: () => Promise<T>) => Promise<T> {
  const told = new Set<string>();
  const write = (line: string) => told.has(line) || (told.add(line) && stderr.write(line));
  return (ask) => withPatience({ stderr: { write } }, ask, delays);
}
