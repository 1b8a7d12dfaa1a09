import {
  deadLetterQueueName,
  type RabbitmqBinding,
  type RabbitmqQueue,
  type RabbitmqSkill,
  type Retry,
  retryDelays,
} from "../../skill/index.ts";
import { aliased } from "../replacing.ts";
import { bindingsOf, DEAD_LETTER_EXCHANGE } from "./exchanges.ts";
import { type BrokerVersion, nativeDelays, type TierWait, tierWaits } from "./retries.ts";

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
  /** Deliveries in all, 1..20. */
  maxAttempts: number;
  /** One for each retry: published there with the queue's name as routing key. Absent with `nativeDelays`, and on a stream. */
  retries?: TierWait[];
  /** Milliseconds before each retry, where the queue itself delays what is rejected with requeue. */
  nativeDelays?: number[];
  /** Takes dead letters, with the queue's name as routing key. Absent on a stream. */
  deadLetterExchange?: string;
  /** Absent on a stream. */
  deadLetterQueue?: string;
  retry: Retry;
}

/** By queue: where the app publishes to; by the name of a queue that is replaced: where it publishes to the new one. */
export function toDestinations(rabbitmq: RabbitmqSkill, app: string): Record<string, Destination[]> {
  const produced = Object.entries(rabbitmq.queues).filter(([, queue]) => queue.producers.includes(app));
  const destinations = Object.fromEntries(
    produced.map(([name, queue]) => [name, byExchange(bindingsOf(name, queue))] as const),
  );
  return aliased(destinations, rabbitmq.replace);
}

/** By queue: how the app consumes; by the name of a queue that is replaced: how it consumes the new one. */
export function toSubscriptions(
  rabbitmq: RabbitmqSkill,
  app: string,
  version?: BrokerVersion,
): Record<string, Subscription> {
  const subscriptions = Object.fromEntries(
    Object.entries(rabbitmq.queues).flatMap(([name, queue]) => {
      const consumer = queue.consumers[app];
      if (!consumer) return [];
      const { prefetch, retry } = consumer;
      const { maxAttempts } = retry;
      const failures = queue.deadLetter && failurePaths(name, queue, retry, version);
      return [[name, { queue: name, prefetch, ack: "manual" as const, maxAttempts, ...failures, retry }] as const];
    }),
  );
  return aliased(subscriptions, rabbitmq.replace);
}

function failurePaths(name: string, queue: RabbitmqQueue, retry: Retry, version: BrokerVersion) {
  const native = nativeDelays(queue, version);
  return {
    ...(native ? { nativeDelays: native } : { retries: tierWaits(retryDelays(retry)) }),
    deadLetterExchange: DEAD_LETTER_EXCHANGE,
    deadLetterQueue: deadLetterQueueName(name),
  };
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
