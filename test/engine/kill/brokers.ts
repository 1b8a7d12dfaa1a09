import type { OperatorAccess } from "../../../client/operator.ts";

/** How the kill tests use one kind of broker. */
export interface Kind {
  name: "rabbitmq" | "kafka" | "sqs" | "redis";
  /** The port that its provider talks to. */
  port(operator: OperatorAccess): number;
  /** The environment's configuration, by which the provider goes through a proxy on this port. */
  config(operator: OperatorAccess, port: number): object;
  secret?(operator: OperatorAccess): [string, string];
  /**
   * The part of the skill: a flow that stays, something that each version changes in place, and in odd versions a second flow. Each of
   * the turns is a replacement.
   */
  skill(version: number, turns: number): object;
  /** Whether these bytes ask the broker to change something. */
  changes(bytes: Buffer): boolean;
  /** How many such requests every version makes at least. */
  requests: number;
  /** A replacement that is deleted first: what lets it through the gate, and which of the requests comes between. */
  replacement?: { allow?: string; matches(bytes: Buffer): boolean; skip: number };
}

/** What begins every name on the brokers, so that two runs can share them. */
export const PREFIX = process.env.KILL_PREFIX ?? "kill";
const SHOP = `${PREFIX}shop`;
const MILL = `${PREFIX}mill`;
/** The two apps. */
export const APPS = { [SHOP]: {}, [MILL]: {} };

const odd = (version: number) => version % 2 === 1;
const flows = { producers: [SHOP], consumers: { [MILL]: {} } };

const rabbitmq: Kind = {
  name: "rabbitmq",
  requests: 6,
  port: ({ rabbitmq }) => Number(new URL(rabbitmq!.managementUrl).port),
  config: ({ rabbitmq }, port) => ({
    "messaging:rabbitmq": { endpoint: `http://127.0.0.1:${port}`, username: rabbitmq!.username, url: rabbitmq!.url },
  }),
  secret: ({ rabbitmq }) => ["messaging:rabbitmqPassword", rabbitmq!.password],
  skill: (version, turns) => ({
    vhost: PREFIX,
    exchanges: { moved: { type: odd(turns) ? "direct" : "topic" } },
    queues: { kept: { ...flows, maxLength: 1000 + version }, ...(odd(version) && { extra: flows }) },
  }),
  changes: (bytes) => /^(PUT|POST|DELETE) \/api\/(?!whoami|overview)/.test(bytes.toString("latin1", 0, 40)),
  replacement: {
    allow: "rabbitmq/exchange/moved",
    matches: (bytes) => bytes.toString("latin1", 0, 60).startsWith(`PUT /api/exchanges/${PREFIX}/moved `),
    skip: 0,
  },
};

/** Kafka's numbers of requests: topics made, deleted, changed; ACLs; quotas; users. */
const KAFKA_CHANGES = [19, 20, 30, 31, 33, 37, 44, 49, 51];
const QUOTAS = 49;
const apiOf = (bytes: Buffer) => (bytes.length > 8 ? bytes.readInt16BE(4) : -1);

const kafka: Kind = {
  name: "kafka",
  requests: 4,
  port: ({ kafka }) => Number(kafka!.bootstrapServers[0]!.split(":")[1]),
  config: ({ kafka }, port) => ({
    "messaging:kafka": { bootstrapServers: [`127.0.0.1:${port}`], tls: false, username: kafka!.username },
  }),
  secret: ({ kafka }) => ["messaging:kafkaPassword", kafka!.password],
  skill: (version) => {
    const topic = { partitions: 1, replicationFactor: 1, producers: [SHOP] };
    const quotas = { [SHOP]: { producerByteRate: 1_000_000 + version } };
    const consumers = { [`${PREFIX}-count`]: { app: MILL } };
    return {
      topics: {
        [`${PREFIX}-kept`]: { ...topic, consumers, quotas, retention: `${1 + version}h` },
        ...(odd(version) && { [`${PREFIX}-extra`]: topic }),
      },
    };
  },
  changes: (bytes) => KAFKA_CHANGES.includes(apiOf(bytes)),
  // Any other value of a quota replaces it: the first request takes it away, the second sets it.
  replacement: { matches: (bytes) => apiOf(bytes) === QUOTAS, skip: 1 },
};

const sqs: Kind = {
  name: "sqs",
  requests: 1,
  port: ({ sqs }) => Number(new URL(sqs!.endpoint!).port),
  config: ({ sqs }, port) => ({ "messaging:aws": { region: sqs!.region, endpoint: `http://127.0.0.1:${port}` } }),
  skill: (version) => {
    const queue = { producers: [SHOP], onPoison: "block" };
    return { queues: { [`${PREFIX}-kept`]: queue, ...(odd(version) && { [`${PREFIX}-extra`]: queue }) } };
  },
  changes: (bytes) =>
    /(AmazonSQS\.|Action=)(CreateQueue|SetQueueAttributes|DeleteQueue)/.test(bytes.toString("latin1")),
};

const redis: Kind = {
  name: "redis",
  // Several commands may come in one piece.
  requests: 1,
  port: ({ redis }) => redis!.notifications!.port,
  config: ({ redis }, port) => ({
    "messaging:redis": {
      provision: "external",
      servers: {
        notifications: { host: "127.0.0.1", port, tls: false, username: redis!.notifications!.username },
      },
    },
  }),
  secret: ({ redis }) => ["messaging:redisPassword", redis!.notifications!.password],
  skill: (version) => {
    const stream = { producers: [SHOP], consumers: { [`${PREFIX}-mailer`]: { app: MILL } } };
    return {
      instances: {
        notifications: {
          maxMemory: "2gb",
          channels: null,
          keys: { [`${PREFIX}-${version}:*`]: [SHOP] },
          streams: { [`${PREFIX}-kept`]: stream, ...(odd(version) && { [`${PREFIX}-extra`]: stream }) },
        },
      },
    };
  },
  changes: (bytes) =>
    /(ACL\r\n\$7\r\n(SETUSER|DELUSER)|XGROUP\r\n|CONFIG\r\n\$3\r\nSET)/i.test(bytes.toString("latin1")),
};

export const kinds = { rabbitmq, kafka, sqs, redis };
