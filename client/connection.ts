import { setTimeout as wait } from "node:timers/promises";
import { ConnectionError } from "./message.ts";

/** Waits between tries to reach a broker, in milliseconds: ten seconds in all, in which one may restart. */
export const REACH_DELAYS_MS = [100, 200, 400, 800, 1_600, 3_200, 3_200];

/** Runs `attempt` again after each of these delays (milliseconds) while it throws a ConnectionError, and then throws the last one. */
export async function withRetries<T>(delays: readonly number[], attempt: () => Promise<T>): Promise<T> {
  for (const delay of delays) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof ConnectionError)) throw error;
      await wait(delay);
    }
  }
  return attempt();
}
