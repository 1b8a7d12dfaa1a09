import type { Headers } from "./headers.ts";

/** A message to publish. */
export interface Message {
  /** Text is sent as UTF-8. */
  body: string | Uint8Array;
  /**
   * RabbitMQ: the routing key, default: the only one that leads to the queue. Kafka: the record's key, which decides its partition;
   * default: none. SQS: the message group, in which order is kept; default: a group of its own. Redis: none is needed.
   */
  key?: string;
  /** Headers of the app's own. Names that begin with `x-` are the contract's or the broker's. */
  headers?: Headers;
  /** The message's identity; default: a new UUID. On SQS it is the deduplication id, so publishing it again within five minutes adds nothing. */
  id?: string;
}

/** A message as its consumer gets it. */
export interface Delivery {
  id: string;
  body: Buffer;
  /** What it was published with, on every attempt the same. */
  key?: string;
  headers: Headers;
  /** Which delivery this is, from 1. */
  attempt: number;
  /** `<broker>/<queue>`, as `messaging dlq` names it. */
  flow: string;
}

/** Handles a message. When it returns, the message is acknowledged; when it throws, it comes back after its delay, or becomes a dead letter. */
export type Handler = (delivery: Delivery) => Promise<void> | void;

export interface ConsumeOptions {
  /** Kafka and Redis: the consumer group. Default: the only one that the app has on the flow. */
  group?: string;
  /** Messages handled at once. Default: RabbitMQ: the skill's prefetch; Kafka: one in each partition; SQS and Redis: 10. */
  concurrency?: number;
  /**
   * Kafka: how many records of a partition may be handled and not yet committed, 1 to 10,000: as many, at most, are handled again
   * after a crash. Default: 1, which is the safest and the slowest, as Kafka takes its time over each commit.
   */
  uncommitted?: number;
  /** Told of what goes wrong around the handler: a lost connection, a retry that could not be published yet. Default: nobody. */
  onError?: (error: Error) => void;
  /** For `messaging verify`: answers canaries alone, and gives every other message back as it was. */
  canariesOnly?: (canary: Delivery) => void;
}

/** A running consumer. */
export interface Consumer {
  /** Takes no more messages, waits for those in hand, and returns when the broker knows what became of them. */
  stop(): Promise<void>;
}

/** One broker as one app. */
export interface BrokerClient {
  /**
   * Publishes durably, and returns when the broker has confirmed it. `flow` is the queue, topic, or `<instance>/<stream>`.
   * Throws a RefusedError where the broker refuses or cannot route it, and a ConnectionError where it does not answer.
   */
  publish(flow: string, message: Message): Promise<{ id: string }>;
  /** Starts a consumer, and returns when it is ready. It reconnects by itself until it is stopped. */
  consume(flow: string, handler: Handler, options?: ConsumeOptions): Promise<Consumer>;
  /** Stops every consumer, waits for every confirm, and closes the connections. */
  close(): Promise<void>;
}

/** The broker does not answer: publishing again may work later. */
export class ConnectionError extends Error {
  override readonly name = "ConnectionError";
}

/** The broker answered no: publishing again will not help. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/** The app's access says nothing of what was asked for. */
export class AccessError extends Error {
  override readonly name = "AccessError";
}
