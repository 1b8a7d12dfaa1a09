import type { KafkaSubscription } from "../access.ts";
import type { Cluster } from "./cluster.ts";
import { isRetryTopicOf } from "./state.ts";

/** A subscription, and which of its retry topics no output names any more: `up` deletes them once they hold nothing. */
export interface WithFormer extends KafkaSubscription {
  former: ReadonlySet<string>;
}

/**
 * The subscription with the group's other retry topics that are there: what consumers with an earlier output led into them is this
 * group's to handle, too. They come first: nothing is led into them, and the last one stays the last. Where they cannot be listed,
 * the rest goes on.
 */
export async function withFormer(
  cluster: Pick<Cluster, "topics">,
  subscription: KafkaSubscription,
): Promise<WithFormer> {
  const { topic, groupId, retries } = subscription;
  const found = (await cluster.topics().catch(() => [])).filter(isRetryTopicOf(topic, groupId));
  const former = found.filter((name) => !retries.some(({ place }) => place === name));
  const waits = former.map((place) => ({ delay: Number(place.split(".").at(-1)), place }));
  return { ...subscription, retries: [...waits, ...retries], former: new Set(former) };
}
