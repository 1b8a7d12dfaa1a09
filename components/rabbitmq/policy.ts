import {
  exactly,
  LOST_DELIVERIES,
  type RabbitmqQueue,
  retryTierName,
  toMilliseconds,
  toSeconds,
  UNLIMITED_DELIVERIES,
} from "../../skill/index.ts";
import { DEAD_LETTER_EXCHANGE } from "./exchanges.ts";
import { type BrokerVersion, nativeDelays } from "./retries.ts";

/** A policy as the provider takes it: it sends a definition's value as a number where it reads as one. */
export interface PolicySpec {
  pattern: string;
  priority: number;
  applyTo: string;
  definition: Record<string, string>;
}

/** Only one policy applies to a queue, so ours stands above what people write for a whole vhost (mostly 0 to 10). */
const PRIORITY = 1000;

/** All that is tunable of a work queue; nothing where a stream keeps the broker's own retention. */
export function toWorkQueuePolicy(name: string, queue: RabbitmqQueue, version?: BrokerVersion): PolicySpec | undefined {
  if (queue.type !== "stream") {
    return policyFor(name, { ...deadLettering(name, queue), ...delayedRetry(queue, version), ...limits(queue) });
  }
  return queue.retention === undefined ? undefined : policyFor(name, { "max-age": `${toSeconds(queue.retention)}s` });
}

/** The policy of a queue that is emptied into another: a move that is interrupted gives messages back, which must not end them. */
export function toDrainedQueuePolicy(
  name: string,
  queue: RabbitmqQueue,
  version?: BrokerVersion,
): PolicySpec | undefined {
  const policy = toWorkQueuePolicy(name, queue, version);
  if (policy?.definition["delivery-limit"] === undefined) return policy;
  return { ...policy, definition: { ...policy.definition, "delivery-limit": String(UNLIMITED_DELIVERIES) } };
}

/** Dead letters stay for `retention` (a duration, or `forever`) and are never turned away: a full target would block the work queue. */
export function toDeadLetterQueuePolicy(name: string, retention: string): PolicySpec {
  return policyFor(name, {
    ...(retention !== "forever" && { "message-ttl": String(toMilliseconds(retention)) }),
    "delivery-limit": String(UNLIMITED_DELIVERIES),
  });
}

/**
 * A message waits `delay` milliseconds and goes to the queue that its routing key names, by the default exchange; until that queue has
 * it, it stays here.
 */
export function toTierPolicy(delay: number): PolicySpec {
  return policyFor(retryTierName(delay), {
    "message-ttl": String(delay),
    "dead-letter-exchange": "",
    "dead-letter-strategy": "at-least-once",
    overflow: "reject-publish",
    "delivery-limit": String(UNLIMITED_DELIVERIES),
  });
}

/** Like {@link toTierPolicy}, and above it: a message goes by its routing key to what is bound to an exchange, instead of to a queue of that name. */
export function toRedirectedTierPolicy(delay: number, exchange: string): PolicySpec {
  const { definition, priority, ...policy } = toTierPolicy(delay);
  return { ...policy, priority: priority + 1, definition: { ...definition, "dead-letter-exchange": exchange } };
}

/** Deliveries in all that the most patient consumer has. */
export function maxDeliveries(queue: RabbitmqQueue): number {
  const consumers = Object.values(queue.consumers).map(({ retry }) => retry.maxAttempts);
  return consumers.length > 0 ? Math.max(...consumers) : queue.retry.maxAttempts;
}

function deadLettering(name: string, queue: RabbitmqQueue): Record<string, string> {
  const target = {
    "dead-letter-exchange": DEAD_LETTER_EXCHANGE,
    "dead-letter-routing-key": name,
    overflow: "reject-publish",
  };
  if (queue.type !== "quorum") return target;
  return {
    ...target,
    "dead-letter-strategy": "at-least-once",
    // The first delivery is not counted. Each retry is a new message, so only what a consumer left unanswered is.
    "delivery-limit": String(maxDeliveries(queue) + LOST_DELIVERIES - 1),
  };
}

/** Only what failed waits: what a consumer gives back untouched (basic.nack) is there again at once, and is not counted. */
function delayedRetry(queue: RabbitmqQueue, version: BrokerVersion): Record<string, string> {
  const delays = nativeDelays(queue, version);
  if (!delays) return {};
  return {
    "delayed-retry-type": "failed",
    "delayed-retry-min": String(delays[0]),
    "delayed-retry-max": String(delays.at(-1)),
  };
}

function limits({ maxLength }: RabbitmqQueue): Record<string, string> {
  return maxLength === undefined ? {} : { "max-length": String(maxLength) };
}

function policyFor(queueName: string, definition: Record<string, string>): PolicySpec {
  return { pattern: exactly([queueName]), priority: PRIORITY, applyTo: "queues", definition };
}
