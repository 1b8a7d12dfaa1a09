import { Admin } from "@platformatic/kafka";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { type AppAccess, connect } from "../../client/index.ts";
import { type Cluster, openCluster } from "../../client/kafka/cluster.ts";
import { commitAsNobody } from "../../client/kafka/handOver.ts";
import { deleteBefore, listOffsets } from "../../client/kafka/offsets.ts";
import { producer } from "../../client/kafka/producer.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { kafkaLook } from "../../live/kafka.ts";
import { rightsOn } from "../../live/kafkaRights.ts";
import { output, pulumi, restore } from "./clone.ts";
import { allow, changeSkill, refusals } from "./gate.ts";

const clone = inject("clone");
const TOPIC = "user-events";
const ANY_AGE = /; the oldest came [^)]*/;

let cluster: Cluster;
let admin: Admin;

/** What Kafka itself says of a topic's records; undefined where there is no such topic. */
async function recordsIn(topic: string): Promise<number | undefined> {
  cluster.forget();
  if (!(await cluster.topics()).includes(topic)) return undefined;
  const [first, last] = await Promise.all([
    listOffsets(cluster, topic, "earliest"),
    listOffsets(cluster, topic, "latest"),
  ]);
  return [...last].reduce((sum, [partition, end]) => sum + Number(end - first.get(partition)!), 0);
}

async function empty(topic: string): Promise<void> {
  for (const [partition, end] of await listOffsets(cluster, topic, "latest")) {
    await deleteBefore(cluster, topic, partition, end);
  }
}

const partitionsOf = async (topic: string): Promise<number> => {
  cluster.forget();
  return (await cluster.leaders([topic])).get(topic)!.length;
};

async function settingOf(topic: string, name: string): Promise<string | undefined> {
  const resources = [{ resourceType: 2 as const, resourceName: topic, configurationKeys: [name] }];
  const [found] = await admin.describeConfigs({ resources });
  const own = found?.configs.find((one) => one.name === name && one.configSource === 1);
  return own?.value ?? undefined;
}

async function aclsOf(topic: string): Promise<string[]> {
  const { acls } = await rightsOn(cluster, "topic", topic);
  return acls.map((acl) => JSON.stringify(acl)).sort();
}

async function publish(count: number): Promise<void> {
  const client = connect((await output<Record<string, AppAccess>>(clone, "apps"))["order-service"]!);
  for (let at = 0; at < count; at++) await client.publish(`kafka/${TOPIC}`, { body: `m${at}`, key: `user-${at}` });
  await client.close();
}

/** Handles everything that is there as the app of the topic's group. */
async function consume(count: number): Promise<void> {
  const client = connect((await output<Record<string, AppAccess>>(clone, "apps"))["notification-service"]!);
  let handled = 0;
  await new Promise<void>((resolve, reject) => {
    client
      .consume(`kafka/${TOPIC}`, () => {
        handled++;
        if (handled === count) resolve();
      })
      .catch(reject);
  });
  await client.close();
}

const up = async () => {
  const { code, output: printed } = await pulumi(clone, "up", "--yes", "--skip-preview", "--suppress-outputs");
  expect(code, printed).toBe(0);
  return printed;
};
const refused = async (...command: string[]) =>
  (await refusals(clone, ...command)).map((text) => text.replace(ANY_AGE, ""));

// biome-ignore lint/suspicious/noExplicitAny: a skill as people write it
const withoutTopic = (skill: any) => {
  skill.kafka.topics = { others: { partitions: 1, producers: ["order-service"] } };
};

beforeAll(async () => {
  const { kafka } = await output<OperatorAccess>(clone, "operator");
  cluster = openCluster(kafka!, "gate-test");
  const { saslMechanism: mechanism, username, password } = kafka!;
  admin = new Admin({
    clientId: "gate-test",
    bootstrapBrokers: kafka!.bootstrapServers,
    sasl: { mechanism, username, password },
  });
  await empty(TOPIC);
});
afterEach(() => {
  restore(clone, "skill.yaml");
  allow(clone);
});
afterAll(async () => {
  await Promise.all([cluster.close(), admin.close()]);
});

describe("the gate of Kafka", () => {
  it("refuses, at preview and at up, to delete a topic that holds records, read or not, and loses none", async () => {
    await publish(5);
    changeSkill(clone, withoutTopic);
    const sentence = `kafka/${TOPIC} holds 5 records (read by no group): deleting it would lose them.`;
    const behind = `kafka/${TOPIC} holds 5 records (5 not read by notification-service): deleting it would lose them.`;
    const [said] = await refused();
    expect([sentence, behind]).toContain(said);
    restore(clone, "skill.yaml");
    await consume(5);
    changeSkill(clone, withoutTopic);
    const all = `kafka/${TOPIC} holds 5 records (all read by notification-service): deleting it would lose them.`;
    const before = await aclsOf(TOPIC);
    expect(before.length).toBeGreaterThan(0);
    // Whatever else Pulumi goes on with.
    expect(await refused("up", "--yes", "--skip-preview", "--continue-on-error")).toContain(all);
    expect(await recordsIn(TOPIC)).toBe(5);
    expect(await aclsOf(TOPIC)).toEqual(before);
    restore(clone, "skill.yaml");
    await up();
    expect(await recordsIn(TOPIC)).toBe(5);
  });

  it("refuses fewer partitions, even of topics that hold nothing", async () => {
    changeSkill(clone, (skill) => {
      skill.kafka.topics[TOPIC].partitions = 3;
    });
    const group = `${TOPIC}.notification-service`;
    // The topic itself is not asked for when what it depends on fails, and the first failure may come before the others are asked for.
    const asked = [`${group}.dlt`, `${group}.retry.1000`, `${group}.retry.2000`].map(
      (topic) =>
        `kafka/${topic}: must keep its partitions, 6, got 3: the broker cannot change that in place, so the topic would be deleted with all that it holds and made anew.`,
    );
    const said = await refused();
    expect(said.length).toBeGreaterThan(0);
    expect(asked).toEqual(expect.arrayContaining(said));
  });

  it("refuses to take over a topic that somebody else made", async () => {
    await admin.createTopics({ topics: ["theirs"], partitions: 1, replicas: 1 });
    try {
      changeSkill(clone, (skill) => {
        skill.kafka.topics.theirs = { partitions: 1, producers: ["order-service"] };
      });
      for (const command of [["preview"], ["up", "--yes", "--skip-preview"]]) {
        expect(await refused(...command)).toEqual([
          "kafka/theirs: must not exist yet, got a topic that this environment did not make: making it would take it over, and later delete it.",
        ]);
      }
      expect(await aclsOf("theirs")).toEqual([]);
      expect(await recordsIn("theirs")).toBe(0);
    } finally {
      await admin.deleteTopics({ topics: ["theirs"] });
    }
  });

  it("refuses to remove a setting that nobody declared, and keeps it where the skill declares it", async () => {
    const resource = { resourceType: 2 as const, resourceName: TOPIC };
    const configs = [{ name: "segment.ms", value: "3600000", configOperation: 0 as const }];
    await admin.incrementalAlterConfigs({ resources: [{ ...resource, configs }] });
    changeSkill(clone, (skill) => {
      skill.kafka.topics[TOPIC].retention = "8d";
    });
    const sentence = `kafka/${TOPIC}: must keep the settings that it has on the broker and the skill does not declare, got segment.ms = 3600000: an update of the topic would remove it.`;
    expect(await refused("up", "--yes", "--skip-preview")).toEqual([sentence]);
    expect(await settingOf(TOPIC, "segment.ms")).toBe("3600000");
    expect(await settingOf(TOPIC, "retention.ms")).toBe("604800000");
    changeSkill(clone, (skill) => {
      skill.kafka.topics[TOPIC].config["segment.ms"] = "3600000";
    });
    await up();
    expect(await settingOf(TOPIC, "segment.ms")).toBe("3600000");
    expect(await settingOf(TOPIC, "retention.ms")).toBe("691200000");
    expect(await recordsIn(TOPIC)).toBe(5);
  });

  it("asks for an acknowledgement before a topic with keys gets more partitions", async () => {
    const grow = (acknowledged: object) =>
      changeSkill(clone, (skill) => {
        Object.assign(skill.kafka.topics[TOPIC], { key: "user id", partitions: 8, ...acknowledged });
      });
    grow({});
    const group = `${TOPIC}.notification-service`;
    expect(await refused("up", "--yes", "--skip-preview")).toEqual([
      `kafka/${TOPIC}: must keep its 6 partitions, got 8: its records are keyed by user id, most keys would move to another partition, and what is written there next could be read before what was written until now.`,
    ]);
    expect([await partitionsOf(TOPIC), await partitionsOf(`${group}.dlt`)]).toEqual([6, 6]);
    grow({ acknowledgeRepartition: 8 });
    await up();
    expect([await partitionsOf(TOPIC), await partitionsOf(`${group}.dlt`)]).toEqual([8, 8]);
    expect(await recordsIn(TOPIC)).toBe(5);
  });

  it("takes a position behind the end of a log for one of a log that is no more", async () => {
    const retry = `${TOPIC}.notification-service.retry.1000`;
    const look = kafkaLook((await output<OperatorAccess>(clone, "operator")).kafka!);
    const commit = (offset: bigint) =>
      commitAsNobody(cluster, "notification-service", new Map([[retry, new Map([[0, offset]])]]));
    const sent = { topic: retry, partition: 0, key: null, value: Buffer.from("m"), rawHeaders: [] };
    try {
      await producer(cluster).send(sent);
      await commit(1_000n);
      expect(await look.topic(retry)).toMatchObject({ messages: 1 });
      const end = (await listOffsets(cluster, retry, "latest")).get(0)!;
      await commit(end);
      expect(await look.topic(retry)).toMatchObject({ messages: 0 });
      expect(await look.topic("nobody")).toBeUndefined();
    } finally {
      await empty(retry);
      await look.close();
    }
  });

  it("lets go exactly what is allowed, with what holds nothing, and makes it anew", async () => {
    changeSkill(clone, withoutTopic);
    allow(clone, `kafka/${TOPIC}`);
    expect((await up()).replace(ANY_AGE, "")).toContain(
      `kafka/${TOPIC} goes with 5 records (all read by notification-service), as messaging:allowDataLoss says.`,
    );
    expect((await cluster.topics()).filter((topic) => !topic.startsWith("__"))).toEqual(["others"]);
    restore(clone, "skill.yaml");
    allow(clone);
    await up();
    expect(await recordsIn(TOPIC)).toBe(0);
    expect(await partitionsOf(TOPIC)).toBe(6);
    expect((await cluster.topics()).includes("others")).toBe(false);
  });
});
