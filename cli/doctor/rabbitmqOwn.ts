import type { QueueFigures, RabbitmqFigures } from "../../live/health/rabbitmq.ts";
import { tierDelayOf, UNLIMITED_DELIVERIES } from "../../skill/index.ts";
import type { Expected } from "../drift/expected/index.ts";

/** What policies, and what a queue was declared with, say together. */
export type Definition = QueueFigures["definition"];

/** What a queue is to us: its policies must keep it so. */
export type Kind = "work" | "dead letters" | "delay tier";

/** By queue: the definition of our policy for it, as the environment's state says; where nobody knows that, as the broker does. */
export function ownPolicies(
  { queues, policies }: Pick<RabbitmqFigures, "queues" | "policies">,
  expected: readonly Expected[],
  vhost: string,
): Record<string, Definition> {
  const ours = expected.filter(({ broker, scope }) => broker === "rabbitmq" && scope === vhost);
  if (ours.length === 0)
    return Object.fromEntries(queues.map(({ name }) => [name, policies[`${name}.replaced`] ?? policies[name] ?? {}]));
  const definitions = new Map(
    ours.flatMap(({ kind, name, properties: { definition = "{}" } }) =>
      kind === "policy" ? [[name, JSON.parse(definition) as Definition] as const] : [],
    ),
  );
  return Object.fromEntries(
    ours.flatMap(({ kind, name, properties: { policy } }) =>
      kind === "queue" && policy !== undefined ? [[name, definitions.get(policy) ?? {}]] : [],
    ),
  );
}

/** What our policies say everywhere, also where nobody knows the rest. A delay tier leads to the default exchange unless they say another. */
export const alwaysOwn: Record<Kind, (queue: string, exchange: string) => Definition> = {
  work: (queue, exchange) => ({ "dead-letter-exchange": exchange, "dead-letter-routing-key": queue }),
  "dead letters": () => ({ "delivery-limit": UNLIMITED_DELIVERIES }),
  "delay tier": (queue) => ({
    "message-ttl": tierDelayOf(queue)!,
    "dead-letter-strategy": "at-least-once",
    "delivery-limit": UNLIMITED_DELIVERIES,
  }),
};
