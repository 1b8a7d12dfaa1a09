import { randomUUID } from "node:crypto";
import type { KafkaAccess, KafkaSubscription } from "../access.ts";
import { CLIENT_NAME } from "../deadLetters.ts";
import {
  AccessError,
  type BrokerClient,
  type ConsumeOptions,
  type Consumer,
  type Handler,
  type Message,
} from "../message.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { startConsumer } from "./consumer.ts";
import { withFormer } from "./former.ts";
import { kafkaMark } from "./mark.ts";
import { type Producer, producer } from "./producer.ts";
import { toRecord } from "./records.ts";
import { slots } from "./slots.ts";

export interface KafkaClientOptions {
  /**
   * Milliseconds without a heartbeat after which a consumer counts as dead and its partitions go to others: 6,000 to 1,800,000 by
   * Kafka's defaults. A handler that blocks Node's event loop for longer loses them. Default: 10,000.
   */
  sessionTimeout?: number;
}

/** Kafka as one app. */
export class KafkaClient implements BrokerClient {
  readonly #access: KafkaAccess;
  readonly #sessionTimeout: number;
  readonly #cluster: Cluster;
  readonly #producer: Producer;
  readonly #consumers = new Set<Consumer>();

  constructor(access: KafkaAccess, { sessionTimeout = 10_000 }: KafkaClientOptions = {}) {
    this.#access = access;
    this.#sessionTimeout = sessionTimeout;
    this.#cluster = openCluster(access, `${CLIENT_NAME}/${kafkaMark(access)}/${randomUUID()}`);
    this.#producer = producer(this.#cluster);
  }

  /** `flow` is the topic. */
  async publish(flow: string, message: Message): Promise<{ id: string }> {
    const publication = this.#access.publishes[flow];
    if (!publication) throw new AccessError(`flow: must be a topic that the app produces to, got kafka/${flow}`);
    const { id, record } = toRecord(publication.topic, message, new Date());
    await this.#producer.send(record);
    return { id };
  }

  /** `flow` is the topic. */
  async consume(flow: string, handler: Handler, options: ConsumeOptions = {}): Promise<Consumer> {
    const subscription = await withFormer(this.#cluster, subscriptionOf(this.#access, flow, options.group));
    const { concurrency = Number.POSITIVE_INFINITY, onError = () => {} } = options;
    const consumer = await startConsumer({
      cluster: this.#cluster,
      producer: this.#producer,
      subscription,
      handler,
      options,
      slots: slots(concurrency),
      onError,
      sessionTimeout: this.#sessionTimeout,
    });
    this.#consumers.add(consumer);
    consumer.ended.then(() => this.#consumers.delete(consumer));
    return consumer;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    await this.#producer.idle();
    await this.#cluster.close();
  }
}

/** The subscription to a topic as a group. Throws an AccessError where the app has none, or several and no group was said. */
export function subscriptionOf({ consumes }: KafkaAccess, topic: string, group?: string): KafkaSubscription {
  const found = Object.entries(consumes).flatMap(([name, topics]) =>
    topics[topic] && (group === undefined || name === group) ? [topics[topic]] : [],
  );
  if (found.length === 1) return found[0]!;
  if (found.length === 0) {
    const as = group === undefined ? "" : ` as group ${group}`;
    throw new AccessError(`flow: must be a topic that the app consumes${as}, got kafka/${topic}`);
  }
  const groups = found.map(({ groupId }) => groupId).join(", ");
  throw new AccessError(`group: must be one of ${groups} for kafka/${topic}, got nothing`);
}
