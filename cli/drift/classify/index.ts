import type { Thing } from "../../../live/inventory/index.ts";
import type { Class } from "../compare.ts";
import { classifyKafka } from "./kafka.ts";
import { classifyRabbitmq } from "./rabbitmq.ts";
import { classifyRedis } from "./redis.ts";
import { classifySqs } from "./sqs.ts";

/** What decides what a stranger is. */
export interface Surroundings {
  /** What should be on the brokers. */
  ours: readonly Thing[];
  /** By broker (`redis/<instance>` for Redis): the user that administers it for us. */
  administrators: Record<string, string>;
}

/** What a thing is that the state does not have: an orphan where it bears a name of ours or stands on things of ours, foreign elsewhere. */
export function classify(stranger: Thing, { ours, administrators }: Surroundings): Class {
  const [broker = ""] = stranger.broker.split("/");
  const mine = ours.filter((thing) => thing.broker === stranger.broker);
  return BROKERS[broker]!(stranger, mine, administrators[stranger.broker] ?? "");
}

/** Decides for one broker; `ours` are our things on it. */
export type Classify = (stranger: Thing, ours: readonly Thing[], administrator: string) => Class;

const BROKERS: Record<string, Classify> = {
  rabbitmq: classifyRabbitmq,
  kafka: classifyKafka,
  sqs: classifySqs,
  redis: classifyRedis,
};
