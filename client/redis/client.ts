import { randomUUID } from "node:crypto";
import type { RedisAccess } from "../access.ts";
import { HEADERS } from "../headers.ts";
import {
  AccessError,
  type BrokerClient,
  type ConsumeOptions,
  type Consumer,
  type Handler,
  type Message,
  RefusedError,
} from "../message.ts";
import { type ListenHandler, type ListenOptions, listenTo } from "./channel.ts";
import { startConsumer } from "./consumer.ts";
import { BODY, toFields } from "./entry.ts";
import { coveringChannel, mustProduce, type Place, placeOf, subscriptionOf } from "./places.ts";
import { type Server, serverOf } from "./server.ts";

export interface RedisClientOptions {
  /**
   * Milliseconds after which an entry that its consumer did not touch counts as left behind by a crash and is delivered again, 300 or
   * more. Consumers of this client touch what they have in hand three times as often. Default: 30,000.
   */
  crashTimeout?: number;
}

const CRASH_TIMEOUT_MS = 30_000;

/** Redis and Valkey as one app. A flow is `<instance>/<stream>`, or `<instance>/<channel>` for Pub/Sub. */
export class RedisClient implements BrokerClient {
  readonly #access: Record<string, RedisAccess>;
  readonly #crashTimeout: number;
  readonly #servers = new Map<string, Server>();
  readonly #running = new Set<Promise<unknown>>();
  readonly #consumers = new Set<Consumer>();

  /** `access` by instance; nothing is connected yet. */
  constructor(access: Record<string, RedisAccess>, { crashTimeout = CRASH_TIMEOUT_MS }: RedisClientOptions = {}) {
    this.#access = access;
    this.#crashTimeout = crashTimeout;
  }

  /**
   * Adds an entry to a stream. Where the connection breaks before the answer, the entry is added again, so a message may stand there
   * twice, with one id; none is lost.
   */
  async publish(flow: string, { body, key, headers, id = randomUUID() }: Message): Promise<{ id: string }> {
    const place = placeOf(this.#access, flow);
    mustProduce(place);
    if (headers && BODY in headers) {
      throw new RefusedError(`redis/${flow}, headers: must not hold ${BODY}, which is the field of the message itself`);
    }
    const contract = {
      [HEADERS.id]: id,
      [HEADERS.publishedAt]: new Date().toISOString(),
      ...(key !== undefined && { [HEADERS.key]: key }),
    };
    await this.#tracked(
      this.#server(place).ask(["XADD", place.name, "*", ...toFields({ ...headers, ...contract }, body)]),
    );
    return { id };
  }

  /** Starts a consumer of the app's group on the stream. It has a connection of its own for reading. */
  async consume(flow: string, handler: Handler, options: ConsumeOptions = {}): Promise<Consumer> {
    const place = placeOf(this.#access, flow);
    const subscription = subscriptionOf(place, options.group);
    const reader = serverOf(place.access);
    const starting = startConsumer({
      server: this.#server(place),
      reader,
      stream: place.name,
      subscription,
      flow: `redis/${place.instance}/${place.name}/${subscription.group}`,
      handler,
      options,
      crashTimeout: this.#crashTimeout,
    });
    return this.#kept(
      starting.catch((error) => {
        reader.close();
        throw error;
      }),
    );
  }

  /**
   * Pub/Sub: tells those who listen at this moment, and returns how many there were. Where the connection breaks before the answer,
   * they are told again.
   */
  async broadcast(flow: string, body: string | Uint8Array): Promise<number> {
    const place = placeOf(this.#access, flow);
    if (place.name.endsWith("*")) throw new AccessError(`flow: must be one channel, got redis/${flow}`);
    coveringChannel(place, "publishes");
    const bytes = typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    return Number(await this.#tracked(this.#server(place).ask(["PUBLISH", place.name, bytes])));
  }

  /** Pub/Sub: hears what is published from now on; nothing is kept, retried or dead-lettered. */
  async listen(flow: string, handler: ListenHandler, options: ListenOptions = {}): Promise<Consumer> {
    const place = placeOf(this.#access, flow);
    const covering = coveringChannel(place, "subscribes");
    return this.#kept(listenTo(place.access, place.name, covering, handler, options));
  }

  async close(): Promise<void> {
    await Promise.all([...this.#consumers].map((consumer) => consumer.stop()));
    await Promise.allSettled(this.#running);
    for (const server of this.#servers.values()) server.close();
    this.#servers.clear();
  }

  #server({ instance, access }: Place): Server {
    const server = this.#servers.get(instance) ?? serverOf(access);
    this.#servers.set(instance, server);
    return server;
  }

  async #kept(starting: Promise<Consumer>): Promise<Consumer> {
    const consumer = await this.#tracked(starting);
    this.#consumers.add(consumer);
    consumer.ended.then(() => this.#consumers.delete(consumer));
    return consumer;
  }

  async #tracked<T>(running: Promise<T>): Promise<T> {
    this.#running.add(running);
    return running.finally(() => this.#running.delete(running));
  }
}
