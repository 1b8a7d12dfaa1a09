import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCluster } from "../../client/kafka/cluster.ts";
import { readLog } from "../../client/kafka/log.ts";
import { wholeLog } from "../../client/kafka/remaining.ts";
import { toEntries } from "../../client/redis/replies.ts";
import { serverOf } from "../../client/redis/server.ts";
import { output } from "../engine/clone.ts";
import { PASSWORD } from "../engine/clusters.ts";
import type { Apps } from "../engine/replaceTraffic.ts";
import { type Balancer, startBalancer } from "./cluster/balancer.ts";
import { makeKafkaCluster } from "./cluster/kafka.ts";
import { makeNetwork, type Network, type Nodes, until } from "./cluster/nodes.ts";
import { makeRabbitmqCluster } from "./cluster/rabbitmq.ts";
import { makeRedisPair } from "./cluster/redis.ts";
import { type External, makeExternal } from "./environment.ts";
import { ATTEMPTS, type Figures, traffic } from "./flow.ts";
import { chosen, keep } from "./matrix.ts";

/** How often a leader is killed, and how often one is partitioned and isolated. */
const KILLS = Number(process.env.KILLS ?? 20);
const PARTITIONS = Number(process.env.PARTITIONS ?? 5);
/** How long a node stays cut off, in milliseconds: longer than both brokers need to notice. */
const CUT_MS = 40_000;
/** What one consumer of each broker has in hand at most: RabbitMQ's prefetch; Kafka's partitions, each with one record; Redis's entries. */
const IN_HAND = { rabbitmq: 10, kafka: 6, redis: 10 };

const flow = { producers: ["shop"] };
const skill = {
  name: "traffic",
  version: "2.0.0",
  retry: { maxAttempts: ATTEMPTS, backoff: "fixed", initialDelay: "1s" },
  apps: { shop: {}, mill: {} },
};
const skills = {
  rabbitmq: {
    ...skill,
    rabbitmq: { vhost: "traffic", queues: { orders: { ...flow, consumers: { mill: { prefetch: 10 } } } } },
  },
  kafka: {
    ...skill,
    kafka: { topics: { events: { ...flow, partitions: 6, consumers: { billing: { app: "mill" } } } } },
  },
  redis: {
    ...skill,
    redis: { instances: { cache: { streams: { mails: { ...flow, consumers: { mailer: { app: "mill" } } } } } } },
  },
};

/** A cluster under traffic. */
interface Subject {
  nodes: Nodes;
  flow: string;
  environment: External;
  leader(): Promise<number>;
  settle(): Promise<void>;
  /** The bodies of all dead letters. */
  dead(): Promise<string[]>;
}

let network: Network;
let balancer: Balancer | undefined;
const figures: Record<string, Figures> = {};

async function onRabbitmq(): Promise<Subject> {
  const nodes = await makeRabbitmqCluster(network);
  balancer = await startBalancer([1, 2, 3].map((node) => `${nodes.address(node)}:5672`));
  const url = `amqp://127.0.0.1:${balancer.port}`;
  const config = { rabbitmq: { endpoint: nodes.management(1), username: "root", url } };
  const environment = await makeExternal("trafficrabbit", skills.rabbitmq, config, { rabbitmqPassword: PASSWORD });
  return {
    nodes,
    environment,
    flow: "rabbitmq/orders",
    leader: async () =>
      Promise.any([1, 2, 3].map((node) => until("a leader", () => nodes.leader("traffic", "orders", node)))),
    settle: nodes.settle,
    async dead() {
      const connection = nodes.connect("traffic");
      const channel = await connection.acquire();
      const bodies: string[] = [];
      for (;;) {
        const message = await channel.basicGet({ queue: "orders.dlq" });
        if (!message) break;
        bodies.push(String(message.body));
      }
      // Closing gives them back.
      await channel.close();
      await connection.close();
      return bodies;
    },
  };
}

async function onKafka(): Promise<Subject> {
  const nodes = await makeKafkaCluster(network);
  const config = { kafka: { bootstrapServers: nodes.bootstrapServers, tls: false, username: nodes.login.username } };
  const environment = await makeExternal("traffickafka", skills.kafka, config, { kafkaPassword: PASSWORD });
  return {
    nodes,
    environment,
    flow: "kafka/events",
    async leader() {
      const leaders = (await nodes.partitions("events")).flatMap(({ leader }) => leader ?? []);
      return leaders[Math.floor(Math.random() * leaders.length)]!;
    },
    settle: nodes.ready,
    async dead() {
      const cluster = openCluster(nodes.login, "messaging-soak");
      const bodies: string[] = [];
      for (const range of await wholeLog(cluster, "events.billing.dlt"))
        for await (const { value } of readLog(cluster, range)) bodies.push(String(value));
      await cluster.close();
      return bodies;
    },
  };
}

/** The primary stays the primary: who follows a promoted replica is refused by name. */
async function onRedis(): Promise<Subject> {
  const nodes = await makeRedisPair(network);
  const server = { host: nodes.address(1), port: 6379, tls: false };
  const config = { redis: { provision: "external", servers: { cache: server } } };
  const environment = await makeExternal("trafficredis", skills.redis, config, { redisPassword: PASSWORD });
  return {
    nodes,
    environment,
    flow: "redis/cache/mails",
    leader: async () => 1,
    settle: nodes.ready,
    async dead() {
      const asked = serverOf({ ...server, username: "default", password: PASSWORD });
      const entries = toEntries(await asked.ask(["XRANGE", "mails.mailer.dlq", "-", "+"]));
      asked.close();
      return entries.flatMap(({ fields }) =>
        fields.flatMap(([name, value]) => (String(name) === "body" ? [String(value)] : [])),
      );
    },
  };
}

/** What happens to the nodes while traffic runs. */
const faults: Record<string, (subject: Subject) => Promise<void>> = {
  [`${KILLS} kills of leaders`]: async ({ nodes, leader, settle }) => {
    for (let at = 0; at < KILLS; at++) {
      const node = await leader();
      await nodes.kill(node);
      await wait(3_000 + Math.random() * 5_000);
      await nodes.start(node);
      await settle();
      await wait(5_000);
    }
  },
  [`${PARTITIONS} partitions`]: (subject) => cut(subject, "partition"),
  [`${PARTITIONS} isolations`]: (subject) => cut(subject, "isolate"),
};

async function cut({ nodes, leader, settle }: Subject, how: "partition" | "isolate"): Promise<void> {
  for (let at = 0; at < PARTITIONS; at++) {
    const node = await leader();
    await nodes[how](node);
    await wait(CUT_MS);
    await nodes.heal(node);
    await settle();
    await wait(5_000);
  }
}

beforeAll(async () => {
  network = await makeNetwork("messaging-soak-traffic");
});
afterAll(async () => {
  const columns = Object.keys(Object.values(figures)[0] ?? {});
  const rows = Object.entries(figures).map(([name, found]) => [name, ...Object.values(found).map(String)]);
  const lines = [["traffic", ...columns], ["---", ...columns.map(() => "---:")], ...rows];
  keep("traffic", lines.map((line) => `| ${line.join(" | ")} |\n`).join(""));
  await network?.remove();
});

describe.each(
  Object.entries({ rabbitmq: onRabbitmq, kafka: onKafka, redis: onRedis }).filter(([name]) => chosen(name)),
)("%s under traffic", (broker, make) => {
  let subject: Subject;
  beforeAll(async () => {
    subject = await make();
    await subject.environment.up();
  });
  afterAll(async () => {
    for (const node of [1, 2, 3]) await subject?.nodes.kill(node).catch(() => {});
    await balancer?.close();
    balancer = undefined;
    subject?.environment.remove();
  });
  it.each(Object.keys(faults).filter(chosen))("loses nothing: %s", async (name) => {
    const flowing = await traffic(await output<Apps>(subject.environment.clone, "apps"), subject.flow);
    await faults[name]!(subject);
    await flowing.drained();
    const found = flowing.figures(await subject.dead());
    figures[`${broker}: ${name}`] = found;
    console.log(`${broker}: ${name} ${JSON.stringify(found)} ${flowing.refused.slice(0, 3).join("; ")}`);
    console.log([...flowing.told].filter((text) => text !== "bad").join("\n"));
    expect(found).toMatchObject({ lost: 0, withoutLastAttempt: 0 });
    expect(flowing.refused).toEqual([]);
    const times = name.startsWith(`${KILLS} kills`) ? KILLS : PARTITIONS;
    expect(found.duplicates).toBeLessThanOrEqual(times * IN_HAND[broker as keyof typeof IN_HAND]);
    expect(found.confirmed).toBeGreaterThan(100 * times);
  });
});
