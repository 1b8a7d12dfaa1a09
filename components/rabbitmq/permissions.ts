import { exactly, type RabbitmqSkill, retryDelays, retryTierName, routedBy } from "../../skill/index.ts";
import type { FormerRabbitmq } from "../former.ts";
import { type Replacing, stillDeclared } from "../replacing.ts";
import { bindingsOf, DEAD_LETTER_EXCHANGE } from "./exchanges.ts";
import { exchangesWith } from "./former.ts";
import { type BrokerVersion, nativeDelays } from "./retries.ts";

/** What one app may do in the vhost. It may never declare anything. */
export interface Grants {
  /** Queues that it may consume from. */
  reads: Set<string>;
  /** Exchanges that it may publish to, each with the binding keys that its routing keys must match. */
  writes: Map<string, Set<string>>;
  /** The topic exchanges among `writes`, and those that bear the name of one of `reads`: elsewhere RabbitMQ does not look at routing keys. */
  topicExchanges: Set<string>;
}

/**
 * The grants of every app that produces or consumes, by app. Producers of a queue that is replaced keep theirs, as what they publish
 * arrives in the new one; its consumers keep theirs for as long as there is a queue. Apps keep what they had by earlier outputs.
 */
export function toGrants(
  rabbitmq: RabbitmqSkill,
  version?: BrokerVersion,
  replacing?: Replacing,
  former: readonly FormerRabbitmq[] = [],
): Record<string, Grants> {
  const consumed = stillDeclared(rabbitmq.queues, rabbitmq.replace, replacing);
  const grants = new Map<string, Grants>();
  const types = exchangesWith(rabbitmq, former);
  const of = (app: string) => grants.get(app) ?? added(grants, app);
  const allowWrite = (app: string, exchange: string, bindingKey: string, type = types[exchange]) => {
    const { writes, topicExchanges } = of(app);
    writes.set(exchange, (writes.get(exchange) ?? new Set()).add(bindingKey));
    if (type === "topic") topicExchanges.add(exchange);
  };
  for (const [name, queue] of Object.entries(rabbitmq.queues)) {
    for (const app of queue.producers) {
      for (const { exchange, routingKey } of bindingsOf(name, queue)) allowWrite(app, exchange, routingKey);
    }
    if (!Object.hasOwn(consumed, name)) continue;
    for (const [app, { retry }] of Object.entries(queue.consumers)) {
      of(app).reads.add(name);
      // The right to read a queue is the right to bind an exchange of that name.
      if (types[name] === "topic") of(app).topicExchanges.add(name);
      if (!queue.deadLetter) continue;
      allowWrite(app, DEAD_LETTER_EXCHANGE, name);
      if (nativeDelays(queue, version)) continue;
      for (const delay of retryDelays(retry)) allowWrite(app, retryTierName(delay), name, "topic");
    }
  }
  for (const { app, tiers, bindings } of former) {
    for (const { queue, delay } of tiers) {
      if (Object.hasOwn(consumed, queue)) allowWrite(app, retryTierName(delay), queue, "topic");
    }
    for (const { exchange, routingKey } of bindings) allowWrite(app, exchange, routingKey);
  }
  return Object.fromEntries(grants);
}

/** The three regular expressions of a user in its vhost. */
export function toPermissions({ reads, writes }: Grants) {
  return { configure: exactly([]), write: exactly(writes.keys()), read: exactly(reads) };
}

/** One entry for every topic exchange that the app may write to or read: where there is none, RabbitMQ allows every routing key. */
export function toTopicPermissions({ writes, topicExchanges }: Grants) {
  return [...topicExchanges].sort().map((exchange) => ({
    exchange,
    write: routedBy(writes.get(exchange) ?? []),
    read: exactly([]),
  }));
}

function added(grants: Map<string, Grants>, app: string): Grants {
  const none: Grants = { reads: new Set(), writes: new Map(), topicExchanges: new Set() };
  grants.set(app, none);
  return none;
}
