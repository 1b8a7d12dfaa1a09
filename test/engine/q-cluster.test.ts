import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type KafkaCluster, makeKafkaCluster } from "../soak/cluster/kafka.ts";
import { makeNetwork, type Network } from "../soak/cluster/nodes.ts";
import { makeRabbitmqCluster, type RabbitmqCluster } from "../soak/cluster/rabbitmq.ts";
import { type External, makeExternal } from "../soak/environment.ts";
import { adopt, rotate, walk, walked } from "../soak/walk.ts";
import { PASSWORD } from "./clusters.ts";

/** What was made on single nodes, on three of RabbitMQ and three of Kafka; the long matrices are in test/soak. */
let network: Network;
let rabbitmq: RabbitmqCluster;
let kafka: KafkaCluster;
let environment: External;

beforeAll(async () => {
  network = await makeNetwork("messaging-tests-cluster");
  [rabbitmq, kafka] = await Promise.all([makeRabbitmqCluster(network), makeKafkaCluster(network)]);
  const { bootstrapServers, login } = kafka;
  const config = {
    rabbitmq: { endpoint: rabbitmq.management(1), username: "root", url: rabbitmq.amqp(1) },
    kafka: { bootstrapServers, tls: false, username: login.username },
  };
  const secrets = { rabbitmqPassword: PASSWORD, kafkaPassword: PASSWORD };
  environment = await makeExternal("qcluster", walked, config, secrets);
});
afterAll(async () => {
  await network?.remove();
  environment?.remove();
});

describe("an environment on clusters of three nodes", () => {
  it("is made, and worked with as on one node", async () => {
    await environment.up();
    await walk(environment, "all nodes");
  });

  it("is rotated, and worked with, while a node of each is down", async () => {
    await Promise.all([rabbitmq.kill(3), kafka.kill(3)]);
    await rotate(environment, "shop");
    await walk(environment, "two nodes", rabbitmq.container(3));
    await rabbitmq.makeVhost("hand");
    const quorum = { durable: true, arguments: { "x-queue-type": "quorum" } };
    await rabbitmq.api("queues/hand/by-hand", 1, ["PUT", quorum]);
    expect(await adopt(environment, "hand")).toContain("by-hand:");
  });

  it("is the same environment through another node of the same cluster, and has nothing to change but that", async () => {
    environment.configure({ rabbitmq: { endpoint: rabbitmq.management(2), username: "root", url: rabbitmq.amqp(2) } });
    const { code, output } = await environment.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs");
    expect(code, output).toBe(0);
    expect(await rabbitmq.leader("walk", "orders", 2)).toBeGreaterThan(0);
  });
});
