import { deadLetterQueueName, type RabbitmqBinding, type RabbitmqSkill, type Retry } from "../../skill/index.ts";
import { bindingsOf } from "./exchanges.ts";

/** Where a producer sends a queue's messages. */
export interface Destination {
  exchange: string;
  /** The binding keys that lead to the queue; on a topic exchange `*` and `#` stand for words. */
  routingKeys: string[];
  /** On a headers exchange: the arguments of each binding, one of which a message's headers must match. */
  headers?: NonNullable<RabbitmqBinding["arguments"]>[];
}

/** How a consumer takes a queue's messages. */
export interface Subscription {
  queue: string;
  /** Messages that may be unacknowledged at once, 1..65535. */
  prefetch: number;
  ack: "manual";
  /** Absent on a stream. */
  deadLetterQueue?: string;
  retry: Retry;
}

/** By queue: where the app publishes to. */
export function toDestinations(rabbitmq: RabbitmqSkill, app: string): Record<string, Destination[]> {
  const produced = Object.entries(rabbitmq.queues).filter(([, queue]) => queue.producers.includes(app));
  return Object.fromEntries(produced.map(([name, queue]) => [name, byExchange(bindingsOf(name, queue))]));
}

/** By queue: how the app consumes. */
export function toSubscriptions(rabbitmq: RabbitmqSkill, app: string): Record<string, Subscription> {
  return Object.fromEntries(
    Object.entries(rabbitmq.queues).flatMap(([queue, { consumers, deadLetter }]) => {
      const consumer = consumers[app];
      if (!consumer) return [];
      const { prefetch, retry } = consumer;
      const failures = deadLetter && { deadLetterQueue: deadLetterQueueName(queue) };
      return [[queue, { queue, prefetch, ack: "manual" as const, ...failures, retry }]];
    }),
  );
}

function byExchange(bindings: RabbitmqBinding[]): Destination[] {
  const exchanges = [...new Set(bindings.map(({ exchange }) => exchange))];
  return exchanges.map((exchange) => {
    const own = bindings.filter((binding) => binding.exchange === exchange);
    const headers = own.flatMap((binding) => (binding.arguments ? [binding.arguments] : []));
    return {
      exchange,
      routingKeys: [...new Set(own.map(({ routingKey }) => routingKey))],
      ...(headers.length > 0 && { headers }),
    };
  });
}
