import type { RabbitmqBinding, RabbitmqQueue, RabbitmqSkill } from "./rabbitmq.ts";
import { retryDelays } from "./retry.ts";

/** Takes the messages for queues that name no binding: a topic exchange, key = the queue's name. One a vhost. */
export const WORK_EXCHANGE = "messaging.work";

/** Takes what the work queues give up: a topic exchange, key = the work queue's name. One a vhost. */
export const DEAD_LETTER_EXCHANGE = "messaging.dead-letter";

/** The queue's bindings, or the one to {@link WORK_EXCHANGE} where the skill names none. */
export function bindingsOf(queueName: string, queue: RabbitmqQueue): RabbitmqBinding[] {
  return queue.bindings.length > 0 ? queue.bindings : [{ exchange: WORK_EXCHANGE, routingKey: queueName }];
}

/** The broker's version as `major.minor.patch`; absent where nobody said it. */
export type BrokerVersion = string | undefined;

// Quorum queues have had delayed retry since 4.3.0, but 4.3.0 refuses its keys in a policy (rabbitmq-server #16394, mended in 4.3.1).
const firstWithDelayedRetry = [4, 3, 1];

/**
 * The delays before each retry where the queue itself can keep them: a quorum queue of RabbitMQ 4.3.1 or later waits
 * `min(first * n, longest)` before the n-th retry, for all of its consumers alike. Undefined where the tiers must.
 */
export function nativeDelays(queue: RabbitmqQueue, version: BrokerVersion): number[] | undefined {
  if (queue.type !== "quorum" || !hasDelayedRetry(version)) return undefined;
  const [delays, ...others] = Object.values(queue.consumers).map(({ retry }) => retryDelays(retry));
  if (!delays || delays.length === 0) return undefined;
  const expressible = delays.every((delay, index) => delay === Math.min(delays[0]! * (index + 1), delays.at(-1)!));
  const alike = others.every((other) => other.join() === delays.join());
  return expressible && alike ? delays : undefined;
}

/** The delays in milliseconds for which the queue needs tiers, each once. */
export function tierDelays(queue: RabbitmqQueue, version: BrokerVersion): number[] {
  if (queue.type === "stream" || nativeDelays(queue, version)) return [];
  return distinct(Object.values(queue.consumers).flatMap(({ retry }) => retryDelays(retry)));
}

/** The delays of all tiers of the vhost, the shortest first. */
export const allTierDelays = ({ queues }: RabbitmqSkill, version: BrokerVersion): number[] =>
  distinct(Object.values(queues).flatMap((queue) => tierDelays(queue, version)));

const distinct = (delays: number[]): number[] => [...new Set(delays)].sort((a, b) => a - b);

function hasDelayedRetry(version: BrokerVersion): boolean {
  if (version === undefined) return false;
  const parts = version.split(".").map(Number);
  const differing = firstWithDelayedRetry.findIndex((part, at) => part !== (parts[at] ?? 0));
  return differing === -1 || (parts[differing] ?? 0) > firstWithDelayedRetry[differing]!;
}
