import type { RabbitmqApi } from "../client/rabbitmq/api.ts";
import { givenBack, next } from "../client/rabbitmq/batch.ts";
import type { Link } from "../client/rabbitmq/link.ts";
import { isRetryTier } from "../skill/index.ts";
import { UnknownHolding } from "./holding.ts";

/** The most messages of one delay tier that are looked at, to tell whose they are. */
const MOST_READ = 1_000;

/** How many messages wait for another try, by the queue that they return to, then by delay tier. */
export type Retries = Map<string, Map<string, number>>;

/**
 * What waits in the delay tiers of a vhost. They are shared, and only a message itself says whose it is: each is taken in hand and given
 * back, which keeps it for that moment only. Throws UnknownHolding where a tier holds too many.
 */
export async function retriesIn(api: RabbitmqApi, link: Link, vhost: string): Promise<Retries> {
  const found: Retries = new Map();
  const all = (await api.list<{ name: string }>("queues", vhost, NAMES)) ?? [];
  for (const { name: tier } of all.filter(({ name }) => isRetryTier(name))) {
    const { channel } = await link.open();
    try {
      let read = 0;
      for (let message = await next(channel, tier); message; message = await next(channel, tier)) {
        if (++read > MOST_READ) throw new UnknownHolding(`rabbitmq/${tier} (vhost ${vhost})`, TOO_MANY);
        const of = found.get(message.routingKey) ?? new Map();
        found.set(message.routingKey, of.set(tier, (of.get(tier) ?? 0) + 1));
      }
      if (read > 0) await givenBack(channel, tier, read);
    } finally {
      // What is still in hand is given back.
      await channel.close().catch(() => {});
    }
  }
  return found;
}

const TOO_MANY = `more than ${MOST_READ} messages wait in it for another try, of any queue; wait until they are fewer`;

const NAMES = new URLSearchParams({ columns: "name" });
