import { setTimeout as wait } from "node:timers/promises";
import { ConnectionError } from "./message.ts";

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
