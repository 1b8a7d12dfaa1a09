import { type RabbitmqQueue, type RabbitmqSkill, retryDelays, retryTierName } from "../../skill/index.ts";

/** The broker's version as `major.minor.patch`; absent where nobody said it. */
export type BrokerVersion = string | undefined;

// Quorum queues have had delayed retry since 4.3.0, but 4.3.0 refuses its keys in a policy (rabbitmq-server #16394, mended in 4.3.1).
const firstWithDelayedRetry = [4, 3, 1];

/** A wait before a retry, in milliseconds, and the exchange of its tier. */
export interface TierWait {
  delay: number;
  place: string;
}

/** Where a consumer's messages wait, one entry for each retry. */
export const tierWaits = (delays: readonly number[]): TierWait[] =>
  delays.map((delay) => ({ delay, place: retryTierName(delay) }));

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
