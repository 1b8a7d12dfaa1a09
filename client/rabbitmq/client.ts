import { randomUUID } from "node:crypto";
import type { RabbitmqAccess } from "../access.ts";
import { CLIENT_NAME } from "../deadLetters.ts";
import { HEADERS } from "../headers.ts";
import {
  AccessError,
  type BrokerClient,
  type ConsumeOptions,
  type Consumer,
  type Handler,
  type Message,
} from "../message.ts";
import { type Trouble, troubleOf } from "../quietly.ts";
import { startConsumer } from "./consumer.ts";
import { mustBeShort } from "./content.ts";
import { addressOf } from "./destination.ts";
import { type Link, linkTo } from "./link.ts";
import { rabbitmqMark } from "./mark.ts";
import { type Publisher, publisherOn } from "./publisher.ts";
import { newProperties } from "./rawBodies.ts";

/**
 * RabbitMQ as one app. Publishing and consuming have a connection each: a broker that is short of memory stops reading from those who
 * publish, and acknowledgements must not wait with them.
 */
export class RabbitmqClient implements BrokerClient {
  readonly #access: RabbitmqAccess;
  readonly #publishing: Link;
  readonly #consuming: Link;
  readonly #publisher: Publisher;
  readonly #consumers = new Set<Promise<Consumer>>();
  /** Who hears what goes wrong around the connections. */
  readonly #alarms = new Set<Trouble>();

  constructor(access: RabbitmqAccess) {
    this.#access = access;
    const login = { ...access, name: `${CLIENT_NAME}/${rabbitmqMark(access)}` };
    this.#publishing = linkTo(
      login,
      (error) => {
        for (const alarm of this.#alarms) alarm.tell(error);
      },
      () => {
        for (const alarm of this.#alarms) alarm.over();
      },
    );
    this.#consuming = linkTo(login);
    this.#publisher = publisherOn(this.#publishing);
  }

  async publish(flow: string, { body, key, headers, id = randomUUID() }: Message): Promise<{ id: string }> {
    const destinations = this.#access.publishes[flow];
    if (!destinations) throw unknownFlow(flow, "publishes to", this.#access.publishes);
    const address = addressOf(flow, destinations, key);
    const now = new Date();
    const all = { [HEADERS.publishedAt]: now.toISOString(), ...headers, ...address.headers };
    mustBeShort(id, `rabbitmq/${flow}: id`);
    for (const name of Object.keys(all))
      mustBeShort(name, `rabbitmq/${flow}: the name of header ${name.slice(0, 40)}…`);
    const properties = newProperties({
      messageId: id,
      timestamp: Math.floor(now.getTime() / 1000),
      headers: all,
    });
    const { exchange, routingKey } = address;
    await this.#publisher.send({ exchange, routingKey, messageId: id, properties }, Buffer.from(body as Uint8Array));
    return { id };
  }

  async consume(flow: string, handler: Handler, options: ConsumeOptions = {}): Promise<Consumer> {
    const subscription = this.#access.consumes[flow];
    if (!subscription) throw unknownFlow(flow, "consumes", this.#access.consumes);
    if (subscription.deadLetterExchange === undefined) {
      throw new AccessError(
        `rabbitmq/${flow}: must not be a stream: one is read from an offset and has no retry; read it with a client for streams`,
      );
    }
    const started = startConsumer({
      link: this.#consuming,
      publisher: this.#publisher,
      consumer: this.#access.username,
      subscription,
      handler,
      options,
    });
    this.#consumers.add(started);
    const alarm = troubleOf(options.onError);
    this.#alarms.add(alarm);
    const forget = () => {
      this.#consumers.delete(started);
      this.#alarms.delete(alarm);
    };
    started.catch(forget);
    const consumer = await started;
    consumer.ended.then(forget);
    return consumer;
  }

  async close(): Promise<void> {
    const started = await Promise.allSettled(this.#consumers);
    await Promise.all(started.map((one) => (one.status === "fulfilled" ? one.value.stop() : undefined)));
    await this.#publisher.close();
    await Promise.all([this.#publishing.close(), this.#consuming.close()]);
  }
}

function unknownFlow(flow: string, does: string, known: Record<string, unknown>): AccessError {
  const names = Object.keys(known).join(", ") || "none";
  return new AccessError(`rabbitmq/${flow}: must be a queue that the app ${does} (${names})`);
}
