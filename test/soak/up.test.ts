import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { PASSWORD } from "../engine/clusters.ts";
import { type KafkaCluster, makeKafkaCluster } from "./cluster/kafka.ts";
import { makeNetwork, type Network } from "./cluster/nodes.ts";
import { makeRabbitmqCluster, type RabbitmqCluster } from "./cluster/rabbitmq.ts";
import { type External, makeExternal } from "./environment.ts";
import { keep } from "./matrix.ts";

/** `up` of 30 queues and 20 topics while a node dies: it ends well, or the next one does, and there is nothing left to change. */
const numbered = <T>(name: string, count: number, value: T) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`${name}-${at + 1}`, value]));
const skillOf = (queues: number, topics: number) => ({
  name: "many",
  version: "2.0.0",
  apps: { shop: {}, mill: {} },
  rabbitmq: { vhost: "many", queues: numbered("q", queues, { producers: ["shop"], consumers: { mill: {} } }) },
  kafka: { topics: numbered("t", topics, { partitions: 1, producers: ["shop"] }) },
});

let network: Network;
let rabbitmq: RabbitmqCluster;
let kafka: KafkaCluster;
let environment: External;
const rows: string[] = ["| a node dies during up | exit | seconds | ups until done |\n| --- | ---: | ---: | ---: |\n"];

beforeAll(async () => {
  network = await makeNetwork("messaging-soak-up");
  [rabbitmq, kafka] = await Promise.all([makeRabbitmqCluster(network), makeKafkaCluster(network)]);
  const config = {
    rabbitmq: { endpoint: rabbitmq.management(1), username: "root", url: rabbitmq.amqp(1) },
    kafka: { bootstrapServers: kafka.bootstrapServers, tls: false, username: kafka.login.username },
  };
  const secrets = { rabbitmqPassword: PASSWORD, kafkaPassword: PASSWORD };
  environment = await makeExternal("manyflows", skillOf(1, 1), config, secrets);
  await environment.up();
});
afterAll(async () => {
  keep("up", rows.join(""));
  await network?.remove();
  environment?.remove();
});

describe("up of 30 queues and 20 topics", () => {
  it.each([
    ["RabbitMQ node 2", () => rabbitmq, 2],
    ["RabbitMQ node 1, the endpoint", () => rabbitmq, 1],
    ["Kafka node 2", () => kafka, 2],
  ] as const)("converges while a node dies: %s", async (name, nodes, node) => {
    environment.skill(skillOf(30, 20));
    const running = environment.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs");
    await wait(Number(process.env.KILL_AFTER ?? 15_000));
    await nodes().kill(node);
    const first = await running;
    await nodes().start(node);
    await Promise.all([rabbitmq.settle(), kafka.ready()]);
    let ups = 1;
    for (let code = first.code; code !== 0 && ups < 4; ups++) {
      const recovered = await environment.messaging("recover", "--yes");
      expect(recovered.code, recovered.output).toBe(0);
      code = (await environment.pulumi("up", "--yes", "--skip-preview", "--suppress-outputs")).code;
    }
    rows.push(`| ${name} | ${first.code} | ${(first.milliseconds / 1000).toFixed(0)} | ${ups} |\n`);
    const none = await environment.pulumi("preview", "--expect-no-changes");
    expect(none.code, none.output).toBe(0);
    const drift = await environment.messaging("drift");
    expect(drift.code, drift.output).toBe(0);
    environment.skill(skillOf(1, 1));
    await environment.up();
  });
});
