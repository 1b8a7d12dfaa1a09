import { setTimeout as wait } from "node:timers/promises";
import { createTopicsV7 } from "@platformatic/kafka";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Finding } from "../../cli/doctor/finding.ts";
import { kafkaFindings } from "../../cli/doctor/kafka.ts";
import { redisFindings } from "../../cli/doctor/redis.ts";
import { openCluster } from "../../client/kafka/cluster.ts";
import type { KafkaOperator, RedisOperator } from "../../client/operator.ts";
import { serverOf } from "../../client/redis/server.ts";
import { kafkaFigures } from "../../live/health/kafka.ts";
import { redisFigures } from "../../live/health/redis.ts";
import { LOCAL_ADMINISTRATOR } from "../../skill/index.ts";
import { makeKafka, PASSWORD, remove } from "../engine/clusters.ts";
import { must } from "../engine/command.ts";
import { until } from "./cluster/nodes.ts";

/** Doctor on disks that fail or are full, each the broker's own. */
const KAFKA = "messaging-soak-disks-kafka";
const REDIS = "messaging-soak-disks-redis";
const limits = { after: 60_000 };

let kafka: KafkaOperator;
let redis: RedisOperator;

beforeAll(async () => {
  await remove(KAFKA, REDIS);
  const settings = (text: string) =>
    `${text.replace(/^log\.dirs=.*$/m, "$&,/var/lib/kafka/data/two")}log.flush.offset.checkpoint.interval.ms=1000\n`;
  const made = await makeKafka(KAFKA, PASSWORD, { settings });
  const places = { flow: "kafka/t/g", topic: "t", groupId: "g", deadLetterTopic: "t.g.dlt", redriveTopic: "t" };
  kafka = {
    bootstrapServers: [`127.0.0.1:${made.port}`],
    securityProtocol: "SASL_PLAINTEXT",
    saslMechanism: "SCRAM-SHA-512",
    username: LOCAL_ADMINISTRATOR,
    password: PASSWORD,
    deadLetters: [{ ...places, autoOffsetReset: "earliest" }],
  };
  const cluster = openCluster(kafka, "messaging-soak");
  const topic = { numPartitions: 4, replicationFactor: 1, assignments: [], configs: [] };
  const topics = ["t", "t.g.dlt"].map((name) => ({ name, ...topic }));
  await until("topics", () => cluster.ask(createTopicsV7.api, topics, 10_000, false));
  await cluster.close();

  const script = [
    `echo 'user default on >${PASSWORD} ~* &* +@all' > /tmp/users.acl`,
    "printf 'dir /full\\naclfile /tmp/users.acl\\nappendonly yes\\nprotected-mode no\\n' > /tmp/redis.conf",
    "exec redis-server /tmp/redis.conf",
  ].join("\n");
  const options = ["--name", REDIS, "--user", "redis", "--tmpfs", "/full:size=4m,mode=1777", "--entrypoint", "sh"];
  const image = "messaging.local/redis:8.0.2";
  await must("docker", ["run", "--detach", ...options, "--publish", "127.0.0.1::6379", image, "-ec", script]);
  const port = Number((await must("docker", ["port", REDIS, "6379"])).trim().split(":").at(-1));
  redis = { host: "127.0.0.1", port, tls: false, username: "default", password: PASSWORD, deadLetters: [] };
});
afterAll(() => remove(KAFKA, REDIS));

/** Looks until the findings are these, for two minutes at most. */
async function findings(look: () => Promise<Finding[]>, expected: string[]): Promise<void> {
  const said = async () => (await look()).map(({ trouble, found }) => `${trouble}: ${found}`);
  await expect.poll(() => said().catch(String), { timeout: 120_000, interval: 1_000 }).toEqual(expected);
}

describe("doctor where a disk fails", () => {
  it("names a log directory of Kafka that cannot be written, and a restart brings it back", async () => {
    const look = async () => {
      const figures = await kafkaFigures(kafka);
      return kafkaFindings([figures, figures], limits).map((one) => ({
        ...one,
        found: one.found.replace(/partition [\d, ]+$/, "some"),
      }));
    };
    const offline = "broker: broker 1 runs and cannot read its copy of some";
    await findings(look, []);
    await must("docker", ["exec", KAFKA, "chmod", "000", "/var/lib/kafka/data/two"]);
    await findings(look, [offline, offline]);
    await must("docker", ["exec", KAFKA, "chmod", "755", "/var/lib/kafka/data/two"]);
    await must("docker", ["restart", KAFKA]);
    await findings(look, []);
  });

  it("names a Redis whose disk is full, which writes again when there is room", async () => {
    const look = async () => redisFindings(await redisFigures("n", redis), limits);
    const server = serverOf(redis);
    await findings(look, []);
    await must("docker", ["exec", REDIS, "sh", "-c", "dd if=/dev/zero of=/full/filler bs=1024 count=8192 || true"]);
    for (let at = 0; at < 20; at++) await server.send(["SET", `k${at}`, "x".repeat(4096)]).catch(() => wait(100));
    await findings(look, ["refused: the append-only file could not be written"]);
    await expect(server.send(["SET", "k", "v"])).rejects.toThrow("MISCONF");
    await must("docker", ["exec", REDIS, "rm", "/full/filler"]);
    await findings(look, []);
    await server.ask(["SET", "k", "v"]);
    server.close();
  });
});
