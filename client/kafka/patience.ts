import { waiting } from "../waiting.ts";
import type { Cluster } from "./cluster.ts";
import { isPassing, refusedIfMissing, told } from "./wire.ts";

/**
 * Asks again while Kafka does not answer, for so many milliseconds (default: 10 s). Throws a RefusedError when it says no, or says to
 * the end that a topic is missing, and a ConnectionError when the time is over; `doing` says of what.
 */
export async function patiently<T>(
  cluster: Cluster,
  doing: string,
  attempt: () => Promise<T>,
  patience = 10_000,
): Promise<T> {
  const deadline = Date.now() + patience;
  for (const again = waiting(); ; ) {
    try {
      return await attempt();
    } catch (error) {
      if (isPassing(error)) cluster.forget();
      if (!isPassing(error) || Date.now() >= deadline) throw refusedIfMissing(told(error, doing));
      await again.next();
    }
  }
}
