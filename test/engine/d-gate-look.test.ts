import { Admin } from "@platformatic/kafka";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { canaryHeader } from "../../client/headers.ts";
import { type Cluster, openCluster } from "../../client/kafka/cluster.ts";
import { deleteBefore } from "../../client/kafka/offsets.ts";
import { producer } from "../../client/kafka/producer.ts";
import { rawOf } from "../../client/kafka/records.ts";
import { redriveGroup } from "../../client/kafka/remaining.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { type KafkaLook, openLook, type SqsLook } from "../../live/index.ts";
import { output } from "./clone.ts";

const clone = inject("clone");
const TOPIC = "gate-look";
const RETRY = `${TOPIC}.reader.retry.1000`;
const DEAD = `${TOPIC}.reader.dlt`;
const canary = canaryHeader({ run: "r", kind: "good", flow: `kafka/${TOPIC}/reader` });

let operator: OperatorAccess;
let cluster: Cluster;
let admin: Admin;
let kafka: KafkaLook;
let sqs: SqsLook;
let close: () => Promise<void>;

async function write(topic: string, partition: number, count: number, headers: Record<string, string> = {}) {
  const sending = producer(cluster);
  for (let at = 0; at < count; at++) {
    await sending.send({ topic, partition, key: null, value: Buffer.from(`m${at}`), rawHeaders: rawOf(headers) });
  }
}

const commit = (groupId: string, name: string, offsets: number[]) =>
  admin.alterConsumerGroupOffsets({
    groupId,
    topics: [{ name, partitionOffsets: offsets.map((offset, partition) => ({ partition, offset: BigInt(offset) })) }],
  });

beforeAll(async () => {
  operator = await output<OperatorAccess>(clone, "operator");
  const { saslMechanism: mechanism, username, password, bootstrapServers } = operator.kafka!;
  cluster = openCluster(operator.kafka!, "gate-look");
  const sasl = { mechanism, username, password };
  admin = new Admin({ clientId: "gate-look", bootstrapBrokers: bootstrapServers, sasl });
  await admin.createTopics({ topics: [TOPIC, RETRY, DEAD], partitions: 2, replicas: 1 });
  const look = openLook({ kafka: operator.kafka, sqs: operator.sqs });
  close = () => look.close();
  kafka = (await look.kafka())!;
  sqs = (await look.sqs())!;
});
afterAll(async () => {
  await admin.deleteTopics({ topics: [TOPIC, RETRY, DEAD] });
  await admin.deleteGroups({ groups: ["reader", "other", redriveGroup(DEAD)] });
  await Promise.all([close(), cluster.close(), admin.close()]);
});

describe("a look at Kafka", () => {
  it("knows no topic that is not there", async () => {
    expect(await kafka.topic("nobody")).toBeUndefined();
    expect([await kafka.exists("topic", "nobody"), await kafka.exists("topic", TOPIC)]).toEqual([false, true]);
  });

  it("counts the records of every partition, canaries apart, and how far the last group is behind", async () => {
    await write(TOPIC, 0, 3);
    await write(TOPIC, 1, 2);
    await write(TOPIC, 1, 1, canary);
    expect(await kafka.topic(TOPIC)).toMatchObject({ messages: 5, waiting: 5, detail: "read by no group" });
    await commit("reader", TOPIC, [3, 1]);
    await commit("other", TOPIC, [3, 3]);
    await new Promise((resolve) => setTimeout(resolve, 2_100));
    expect(await kafka.topic(TOPIC)).toMatchObject({ messages: 5, waiting: 1, detail: "1 not read by reader" });
    await commit("reader", TOPIC, [3, 3]);
    expect(await kafka.topic(TOPIC)).toMatchObject({ messages: 5, waiting: 0, detail: "all read by 2 groups" });
    const { oldest, lastWrite } = (await kafka.topic(TOPIC))!;
    expect(Date.now() - oldest!.getTime()).toBeLessThan(60_000);
    expect(lastWrite!.getTime()).toBeGreaterThanOrEqual(oldest!.getTime());
  });

  it("counts of a retry topic what its group has not handed on", async () => {
    await write(RETRY, 0, 4);
    expect(await kafka.topic(RETRY)).toMatchObject({ messages: 4, waiting: 4 });
    await commit("reader", RETRY, [3, 0]);
    expect(await kafka.topic(RETRY)).toMatchObject({
      messages: 1,
      waiting: 1,
      detail: "not tried again by reader yet",
    });
    await commit("reader", RETRY, [4, 0]);
    expect(await kafka.topic(RETRY)).toMatchObject({ messages: 0, waiting: 0 });
  });

  it("counts of dead letters those that nobody removed, canaries apart", async () => {
    await write(DEAD, 0, 3);
    await write(DEAD, 0, 1, canary);
    expect(await kafka.topic(DEAD)).toMatchObject({ messages: 3, waiting: 3, detail: "dead letters" });
    await deleteBefore(cluster, DEAD, 0, 1n);
    expect(await kafka.topic(DEAD)).toMatchObject({ messages: 2 });
    // What a crash of the broker brings back stays removed by the group's position.
    await commit(redriveGroup(DEAD), DEAD, [3, 0]);
    expect(await kafka.topic(DEAD)).toMatchObject({ messages: 0, waiting: 0 });
  });

  it("goes by offsets where there are many", async () => {
    const sending = producer(cluster);
    const value = Buffer.from("many");
    const records = Array.from({ length: 1_200 }, () => ({
      topic: TOPIC,
      partition: 0,
      key: null,
      value,
      rawHeaders: [],
    }));
    await Promise.all(records.map((record) => sending.send(record)));
    const { messages, waiting, oldest, lastWrite, detail } = (await kafka.topic(TOPIC))!;
    expect({ messages, waiting, detail }).toEqual({
      messages: 1_206,
      waiting: 1_200,
      detail: "1200 not read by reader",
    });
    expect(lastWrite!.getTime()).toBeGreaterThan(oldest!.getTime());
  });

  it("tells settings, brokers, users and the cluster, and all topics but the internal ones", async () => {
    const resources = [{ resourceType: 2 as const, resourceName: TOPIC }];
    const configs = [{ name: "segment.ms", value: "3600000", configOperation: 0 as const }];
    await admin.incrementalAlterConfigs({ resources: resources.map((one) => ({ ...one, configs })) });
    expect(await kafka.settings(TOPIC)).toEqual({ "segment.ms": "3600000" });
    expect(await kafka.brokers()).toBe(1);
    expect([await kafka.inSync(TOPIC), await kafka.inSync("nothing")]).toEqual([1, 0]);
    expect(await kafka.exists("user", "order-service", "SCRAM-SHA-512")).toBe(true);
    expect(await kafka.exists("user", "order-service", "SCRAM-SHA-256")).toBe(false);
    expect(await kafka.exists("user", "nobody")).toBe(false);
    expect((await kafka.identity()).length).toBeGreaterThan(10);
    const names = (await kafka.all()).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining([TOPIC, DEAD, RETRY]));
    expect(names.filter((name) => name.startsWith("__"))).toEqual([]);
  });
});

describe("a look at SQS", () => {
  it("tells queues and the account", async () => {
    expect(await sqs.identity()).toBe("000000000000 us-east-1");
    expect([await sqs.exists("payments.fifo"), await sqs.exists("payments")]).toEqual([true, false]);
    const { queueUrl } = operator.sqs!.deadLetters[0]!;
    expect(await sqs.queue(`${queueUrl}.fifo`)).toBeUndefined();
    expect((await sqs.queue(queueUrl))!.messages).toBe(0);
  });
});
