import { afterAll, beforeAll, describe } from "vitest";
import { PASSWORD } from "../engine/clusters.ts";
import { type KafkaCluster, makeKafkaCluster } from "./cluster/kafka.ts";
import { makeNetwork, type Network, until } from "./cluster/nodes.ts";
import { makeRabbitmqCluster, type RabbitmqCluster } from "./cluster/rabbitmq.ts";
import { eachState } from "./doctorStates.ts";
import { type External, makeExternal } from "./environment.ts";

/** Doctor on three nodes of RabbitMQ and of Kafka: what one node cannot show. Node 1 of each is the one that is asked and stays. */
const topic = { partitions: 3, producers: ["shop"], consumers: { billing: { app: "mill" } } };
const skill = {
  name: "doctored",
  version: "2.0.0",
  retry: { maxAttempts: 2, backoff: "fixed", initialDelay: "1s" },
  apps: { shop: {}, mill: {} },
  rabbitmq: { vhost: "doctored", queues: { orders: { producers: ["shop"], consumers: { mill: {} } } } },
  kafka: {
    topics: {
      events: { ...topic, replicationFactor: 3 },
      pairs: { ...topic, replicationFactor: 2, config: { "min.insync.replicas": "2" } },
      single: { ...topic, replicationFactor: 1 },
    },
  },
};

let network: Network;
let rabbitmq: RabbitmqCluster;
let kafka: KafkaCluster;
let environment: External;

beforeAll(async () => {
  network = await makeNetwork("messaging-soak-doctor");
  [rabbitmq, kafka] = await Promise.all([makeRabbitmqCluster(network, "ignore"), makeKafkaCluster(network)]);
  const config = {
    rabbitmq: { endpoint: rabbitmq.management(1), username: "root", url: rabbitmq.amqp(1) },
    kafka: { bootstrapServers: kafka.bootstrapServers, tls: false, username: kafka.login.username },
  };
  environment = await makeExternal("doctored", skill, config, { rabbitmqPassword: PASSWORD, kafkaPassword: PASSWORD });
  await environment.up();
});
afterAll(async () => {
  await network?.remove();
  environment?.remove();
});

const restarted = async (...nodes: number[]) => {
  for (const node of nodes) await rabbitmq.kill(node).then(() => rabbitmq.start(node));
  await rabbitmq.ready();
};

describe("doctor on clusters of three nodes", () => {
  eachState("doctor-clusters", () => environment.messaging("doctor", "--json", "--after", "1s"), [
    {
      state: "RabbitMQ: a node is down",
      found: [/^broker: rabbitmq node rabbit@/, /^broker: rabbitmq\/orders$/, /^broker: rabbitmq\/orders\.dlq$/],
      make: () => rabbitmq.kill(3),
      fix: () => rabbitmq.start(3),
    },
    {
      state: "RabbitMQ: queues in minority",
      found: [/^broker: rabbitmq\/orders$/, /^broker: rabbitmq\/orders\.dlq$/],
      make: async () => {
        for (const node of [2, 3]) await rabbitmq.kill(node);
      },
      fix: async () => {
        for (const node of [2, 3]) await rabbitmq.start(node);
      },
    },
    {
      state: "RabbitMQ: a node cut off from the others",
      found: [/^broker: rabbitmq node rabbit@/],
      make: () => rabbitmq.partition(3),
      fix: async () => {
        await rabbitmq.heal(3);
        await restarted(3);
      },
    },
    {
      state: "RabbitMQ: nodes that went on alone, and see each other again",
      found: [/^message loss: rabbitmq node rabbit@/],
      make: async () => {
        await rabbitmq.partition(3);
        await until("node 3 is down", async () => {
          const nodes = await rabbitmq.api<{ running: boolean }[]>("nodes");
          return nodes.some(({ running }) => !running);
        });
        await rabbitmq.heal(3);
      },
      fix: () => restarted(3),
    },
    {
      state: "RabbitMQ: a leader hangs",
      found: [/^broker: rabbitmq\/orders$/],
      make: async () => {
        await rabbitmq.lead("doctored", "orders", 2);
        await rabbitmq.suspend("doctored", "orders");
      },
      // "restart that node"
      fix: () => restarted(2),
    },
    {
      state: "Kafka: a node is down that has copies, too many of them, and the only one",
      found: [/^broker: kafka\/events$/, /^refused: kafka\/pairs$/, /^broker: kafka\/single$/],
      make: () => kafka.kill(3),
      fix: async () => {
        await kafka.start(3);
        await until("all copies in sync", async () => {
          await kafka.ready();
          return true;
        });
      },
    },
  ]);
});
