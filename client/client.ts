import type { AppAccess } from "./access.ts";
import { HEADERS, isContracts, isContractsOnRabbitmq } from "./headers.ts";
import {
  AccessError,
  type BrokerClient,
  type ConsumeOptions,
  type Consumer,
  type Handler,
  type Message,
} from "./message.ts";
import { quietly } from "./quietly.ts";

/** An app's way to all of its flows: `rabbitmq/<queue>`, `kafka/<topic>`, `sqs/<queue>`, `redis/<instance>/<stream>`. */
export type Client = BrokerClient & {
  /** Redis Pub/Sub, to those who listen at this moment: `flow` is `redis/<instance>/<channel>`. Returns how many there were. */
  broadcast(flow: string, body: string | Uint8Array): Promise<number>;
  /**
   * Redis Pub/Sub: nothing is kept, retried or dead-lettered, and what is published while the connection is lost is missed, which
   * `onError` tells, as it tells what the handler throws. It ends as a consumer does, but waits for no handler.
   */
  listen(
    flow: string,
    handler: (channel: string, body: Buffer) => unknown,
    options?: Pick<ConsumeOptions, "onError">,
  ): Promise<Consumer>;
};

/**
 * The client of one app, from its entry in the stack's `apps` output and nothing else. Brokers are connected to, and their libraries
 * loaded, when they are first used. Throws an AccessError where there is no such entry.
 */
export function connect(access: AppAccess): Client {
  // `apps.ordrs` of an output that has no such app.
  if (typeof access !== "object" || access === null) {
    throw new AccessError(`access: must be the app's entry of the stack's apps output, got ${access}`);
  }
  const clients = new Map<string, Promise<BrokerClient>>();
  const of = (broker: string): Promise<BrokerClient> => {
    const known = clients.get(broker) ?? open(access, broker);
    clients.set(broker, known);
    return known;
  };
  const redis = async (broker: string) => {
    const client = await of(broker);
    if (broker !== "redis") throw new AccessError(`flow: must be redis/<instance>/<channel>, got ${broker}/...`);
    return client as unknown as import("./redis/client.ts").RedisClient;
  };
  return {
    publish: async (flow: string, message: Message) =>
      (await of(brokerOf(flow))).publish(withinBroker(flow), asNew(brokerOf(flow), message)),
    consume: async (flow: string, handler: Handler, options: ConsumeOptions = {}): Promise<Consumer> =>
      (await of(brokerOf(flow))).consume(withinBroker(flow), handler, {
        ...options,
        onError: quietly(options.onError ?? warn),
      }),
    broadcast: async (flow, body) => (await redis(brokerOf(flow))).broadcast(withinBroker(flow), body),
    listen: async (flow, handler, { onError } = {}) =>
      (await redis(brokerOf(flow))).listen(withinBroker(flow), handler, { onError: quietly(onError ?? warn) }),
    async close() {
      const opened = await Promise.allSettled(clients.values());
      clients.clear();
      await Promise.all(opened.flatMap((client) => (client.status === "fulfilled" ? [client.value.close()] : [])));
    },
  };
}

/** Where an app gives no `onError`: a consumer that hears nothing any more must not be silent about it. */
const warn = (error: Error): void => process.emitWarning(error.message, "MessagingWarning");

/**
 * A message without the contract's headers, which tell of another one where an app passes on what it was delivered: its attempt would
 * count on, and a redrive's group would pass it over. Canaries of `messaging verify` stay what they are.
 */
function asNew(broker: string, { headers = {}, ...message }: Message): Message {
  const told = broker === "rabbitmq" ? isContractsOnRabbitmq : isContracts;
  const own = Object.entries(headers).filter(([name]) => !told(name) || name === HEADERS.verify);
  return { ...message, headers: Object.fromEntries(own) };
}

const brokerOf = (flow: string): string => flow.split("/", 1)[0]!;
const withinBroker = (flow: string): string => flow.slice(flow.indexOf("/") + 1);

async function open(access: AppAccess, broker: string): Promise<BrokerClient> {
  const { rabbitmq, kafka, sqs, redis } = access;
  if (broker === "rabbitmq" && rabbitmq) return new (await import("./rabbitmq/client.ts")).RabbitmqClient(rabbitmq);
  if (broker === "kafka" && kafka) return new (await import("./kafka/client.ts")).KafkaClient(kafka);
  if (broker === "sqs" && sqs) return new (await import("./sqs/client.ts")).SqsClient(sqs);
  if (broker === "redis" && redis) return new (await import("./redis/client.ts")).RedisClient(redis);
  const known = Object.keys(access).join(", ") || "none";
  throw new AccessError(`flow: must begin with a broker that the app uses (${known}), got ${broker}`);
}
