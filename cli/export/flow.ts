import type { Retry, Skill } from "../../skill/index.ts";
import { kafkaFlows } from "./kafka.ts";
import { rabbitmqFlows } from "./rabbitmq.ts";
import { redisFlows } from "./redis.ts";
import { sqsFlows } from "./sqs.ts";

/** Where messages are delivered first, who puts them there, and who takes them out and with what failures. */
export interface Flow {
  broker: "rabbitmq" | "kafka" | "sqs" | "redis";
  /** As `messaging dlq` names it, without a consumer group: `rabbitmq/orders`. */
  name: string;
  /** What the broker calls the work queue, topic, stream or channel. */
  place: string;
  kind: "queue" | "stream" | "topic" | "channel" | "keys";
  /** Redis: the server. */
  instance?: string;
  /** Of a channel: those that publish. */
  producers: string[];
  consumers: Consumer[];
}

/** One app, or one consumer group of it, that takes a flow's messages. */
export interface Consumer {
  app: string;
  group?: string;
  /** As `messaging dlq` names what it fails on; absent where nothing is kept of failures. */
  letters?: string;
  retry?: Retry;
  /** Milliseconds before each retry, in order; none where the broker cannot try again. */
  delays: number[];
  /** Where messages wait for a retry, each place once; none where they wait in the work queue itself. */
  tiers: { delay: number; place: string }[];
  /** The queue, topic or stream where dead letters end. */
  deadLetters?: string;
  /** How long dead letters are kept, as the skill writes it. Absent: for ever, or not known. */
  deadLetterRetention?: string;
  /** Deliveries in all. Absent where a message is delivered without end. */
  maxAttempts?: number;
}

/** What a broker can do beyond the skill, as its environment says. */
export interface FlowOptions {
  /** RabbitMQ's, such as `4.3.1`. Default: unknown, which promises nothing newer than 4.0. */
  rabbitmqVersion?: string;
}

/** Every flow of the skill, in its order. */
export const flowsOf = (skill: Skill, { rabbitmqVersion }: FlowOptions = {}): Flow[] => [
  ...rabbitmqFlows(skill.rabbitmq, rabbitmqVersion),
  ...kafkaFlows(skill.kafka),
  ...sqsFlows(skill.sqs),
  ...redisFlows(skill.redis),
];
