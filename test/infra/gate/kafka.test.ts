import * as pulumi from "@pulumi/pulumi";
import { describe, expect, it, vi } from "vitest";
import { beforeCreate, beforeDelete, beforeUpdate } from "../../../infra/gate/hooks.ts";
import type { Run } from "../../../infra/gate/run.ts";
import { guardedTypes } from "../../../infra/gate/table.ts";
import type { Holding, KafkaLook, Look } from "../../../live/index.ts";
import { parseSkill } from "../../../skill/index.ts";
import { fakeRun } from "./fake.ts";

const TOPIC = "kafka:index/topic:Topic";
const USER = "kafka:index/userScramCredential:UserScramCredential";
const place = { stack: "test", allowed: [] };
const holding: Holding = { messages: 3, waiting: 1, unit: "record", detail: "1 not read by mailer" };

interface Fake {
  topics?: Record<string, Holding>;
  settings?: Record<string, string>;
  brokers?: number;
  inSync?: number;
  existing?: string[];
}

const skillWith = (topic: object) =>
  parseSkill({
    name: "shop",
    version: "2.0.0",
    apps: { a: {} },
    kafka: { topics: { events: { partitions: 12, consumers: { mailer: { app: "a" } }, ...topic } } },
  });

function runOf(fake: Fake, { topic = {}, allowed = [] as string[] } = {}): Run {
  const kafka: Partial<KafkaLook> = {
    topic: async (name) => fake.topics?.[name],
    settings: async () => fake.settings ?? {},
    brokers: async () => fake.brokers ?? 3,
    inSync: async () => fake.inSync ?? 3,
    exists: async (kind, name, mechanism) => fake.existing?.includes([kind, name, mechanism].join(" ")) ?? false,
    all: async () => Object.entries(fake.topics ?? {}).map(([name, held]) => ({ name, holding: held })),
  };
  const run = fakeRun({}, { allowed });
  run.asking = async (ask) => ask({ kafka: async () => kafka } as unknown as Look);
  return { ...run, skill: skillWith(topic) };
}

const events = { name: "events", partitions: 6, replicationFactor: 3, config: { "retention.ms": "1000" } };
const call = (type: string, more: object) => ({ urn: "", id: "", name: "events", type, ...more });
const updating = (after: object, run: Run, before: object = events) =>
  beforeUpdate(
    guardedTypes[TOPIC]!,
    call(TOPIC, { oldInputs: before, oldOutputs: before, newInputs: { ...before, ...after } }),
    run,
    place,
  );
const refusal = (asked: Promise<void>): Promise<string> =>
  asked.then(
    () => "passes",
    (error: Error) => error.message,
  );

describe("a topic that is deleted", () => {
  const deleting = (run: Run) =>
    refusal(
      beforeDelete(guardedTypes[TOPIC]!, call(TOPIC, { oldInputs: events, oldOutputs: events }), run, place),
    ).then((text) => text.split("\n")[0]);

  it("stays when it holds records", async () => {
    expect(await deleting(runOf({ topics: { events: holding } }))).toBe(
      "kafka/events holds 3 records (1 not read by mailer): deleting it would lose them.",
    );
    expect(await deleting(runOf({}))).toBe("passes");
  });

  it("stays, even empty, where it would be made anew for fewer partitions or other replicas", async () => {
    const run = runOf({});
    run.declare(TOPIC, "events", { ...events, partitions: 3, replicationFactor: 1 });
    expect(
      await refusal(beforeDelete(guardedTypes[TOPIC]!, call(TOPIC, { oldInputs: events }), run, place)),
    ).toMatchInlineSnapshot(`
        "kafka/events: must keep its partitions, 6, got 3; its replicationFactor, 3, got 1: the broker cannot change that in place, so the topic would be deleted with all that it holds and made anew.
          To change it without loss: where somebody added partitions on the broker, say partitions: 6 below kafka.topics.events, and acknowledgeRepartition: 6 where it has a key. Else declare a new topic beside events under another name, and say below kafka: replace: { events: <the new name> }
          Where nothing of it is needed, lose it on purpose, once: add to Pulumi.test.yaml below config:
            messaging:allowDataLoss: [kafka/events]"
      `);
  });

  const replace =
    "declare a new topic beside events under another name, and say below kafka: replace: { events: <the new name> }";
  it.each([
    ["events", { replicationFactor: 1 }, replace],
    ["events.mailer.dlt", { replicationFactor: 1 }, `keep those of events, whose failures it takes, or ${replace}`],
    [
      "events.mailer.retry.1000",
      { partitions: 3 },
      `where somebody added partitions on the broker, delete it there once nothing waits in it, then npx pulumi up --refresh. Else keep those of events, whose failures it takes, or ${replace}`,
    ],
  ])("says of %s, made anew for %j, how that is done without loss", async (name, after, instead) => {
    const run = runOf({});
    run.declare(TOPIC, name, { ...events, name, ...after });
    const oldInputs = { ...events, name };
    const said = await refusal(beforeDelete(guardedTypes[TOPIC]!, { ...call(TOPIC, { oldInputs }), name }, run, place));
    expect(said.split("\n")[1]).toBe(`  To change it without loss: ${instead}`);
  });
});

describe("a topic that gets more partitions", () => {
  it("gets them where nothing is said of its keys", async () => {
    expect(await refusal(updating({ partitions: 12 }, runOf({})))).toBe("passes");
  });

  it("does not where its records have keys, unless that is acknowledged for this number", async () => {
    const key = "user id";
    expect(await refusal(updating({ partitions: 12 }, runOf({}, { topic: { key } })))).toMatchInlineSnapshot(`
      "kafka/events: must keep its 6 partitions, got 12: its records are keyed by user id, most keys would move to another partition, and what is written there next could be read before what was written until now.
        Where that is well (nobody needs the order, or producers stop until every group has read all), say below kafka.topics.events:
          acknowledgeRepartition: 12"
    `);
    const run = (acknowledgeRepartition: number) => runOf({}, { topic: { key, acknowledgeRepartition } });
    expect(await refusal(updating({ partitions: 12 }, run(12)))).toBe("passes");
    expect(await refusal(updating({ partitions: 12 }, run(6)))).toContain("must keep its 6 partitions");
    expect(await refusal(updating({}, run(6)))).toBe("passes");
  });

  it.each(["events.mailer.dlt", "events.mailer.retry.1000"])(
    "says so of %s too, which is asked first",
    async (name) => {
      const run = runOf({}, { topic: { key: "user id" } });
      expect(await refusal(updating({ partitions: 12 }, run, { ...events, name }))).toContain(
        "kafka/events: must keep its 6 partitions, got 12",
      );
      expect(await refusal(updating({ partitions: 12 }, run, { ...events, name: "others.mailer.dlt" }))).toBe("passes");
    },
  );
});

describe("a topic that gets more replicas", () => {
  it("gets as many as there are brokers", async () => {
    const before = { ...events, replicationFactor: 1 };
    expect(await refusal(updating({ replicationFactor: 3 }, runOf({ brokers: 3 }), before))).toBe("passes");
    expect(await refusal(updating({ replicationFactor: 3 }, runOf({ brokers: 1 }), before))).toBe(
      "kafka/events: must have a replicationFactor of at most 1, as the cluster has 1 broker, got 3. Add brokers first, or keep the replicationFactor.",
    );
  });
});

describe("a topic whose broker has settings that the skill does not declare", () => {
  const live = { "retention.ms": "1000", "segment.ms": "60000", "segment.bytes": "1048576" };

  it("is not updated, and each is shown with the lines to add", async () => {
    expect(
      await refusal(updating({ config: { "retention.ms": "2000" } }, runOf({ settings: live }))),
    ).toMatchInlineSnapshot(`
        "kafka/events: must keep the settings that it has on the broker and the skill does not declare, got segment.ms = 60000, segment.bytes = 1048576: an update of the topic would remove them.
          To keep, add below kafka.topics.events.config:
            segment.ms: "60000"
            segment.bytes: "1048576"
          Or lose them on purpose, once: name kafka/events in messaging:allowDataLoss of Pulumi.test.yaml."
      `);
  });

  it("is not updated where the skill cannot declare them", async () => {
    const run = runOf({ settings: { "segment.ms": "60000" } });
    const after = { config: { "retention.ms": "2000" } };
    expect(await refusal(updating(after, run, { ...events, name: "events.mailer.dlt" }))).toMatchInlineSnapshot(`
      "kafka/events.mailer.dlt: must keep the settings that it has on the broker and the skill does not declare, got segment.ms = 60000: an update of the topic would remove it.
        The skill has no settings for this topic. To remove, on a broker:
          kafka-configs.sh --alter --entity-type topics --entity-name events.mailer.dlt --delete-config segment.ms
        Or lose it on purpose, once: name kafka/events.mailer.dlt in messaging:allowDataLoss of Pulumi.test.yaml."
    `);
  });

  it("is updated where the skill declares them, or declared them before, or where they may go", async () => {
    const declared = { config: { ...live, "retention.ms": "2000" } };
    expect(await refusal(updating(declared, runOf({ settings: live })))).toBe("passes");
    const before = { ...events, config: live };
    expect(await refusal(updating({ config: {} }, runOf({ settings: live }), before))).toBe("passes");
    expect(await refusal(updating({}, runOf({ settings: live }, { allowed: ["kafka/events"] })))).toBe("passes");
  });
});

describe("a topic that asks for more replicas in sync", () => {
  const config = (wanted: string) => ({ config: { "min.insync.replicas": wanted } });
  const before = { ...events, replicationFactor: 3, ...config("1") };

  it("gets as many as there are now, as every record would be refused", async () => {
    expect(await refusal(updating(config("2"), runOf({ inSync: 2 }), before))).toBe("passes");
    expect(await refusal(updating(config("3"), runOf({ inSync: 2 }), before))).toBe(
      "kafka/events: must have min.insync.replicas of at most 2, as a partition has 2 in sync now, got 3: Kafka would refuse every record.\n  Start the brokers that are down, or keep the number.",
    );
  });

  it("may ask for fewer, and for more with the replicas that come in the same change", async () => {
    expect(await refusal(updating(config("1"), runOf({ inSync: 1 }), { ...before, ...config("2") }))).toBe("passes");
    const one = { ...before, replicationFactor: 1 };
    expect(await refusal(updating({ ...config("2"), replicationFactor: 3 }, runOf({ inSync: 1 }), one))).toBe("passes");
  });
});

describe("a topic that takes smaller records than before", () => {
  it("is changed with a warning, as producers that run may write larger ones", async () => {
    const warn = vi.spyOn(pulumi.log, "warn").mockResolvedValue();
    const of = (bytes: string) => ({ config: { "max.message.bytes": bytes } });
    for (const bytes of ["5000", "1048588", "9000000"])
      expect(await refusal(updating(of(bytes), runOf({})))).toBe("passes");
    const dead = { ...events, name: "events.mailer.dlt" };
    expect(await refusal(updating(of("5000"), runOf({}), dead))).toBe("passes");
    expect(warn.mock.calls).toEqual([
      [
        "kafka/events: max.message.bytes 5000 in place of 1048588: larger records are refused once that is made, those of producers that run now among them.",
      ],
    ]);
    warn.mockRestore();
  });
});

describe("what is made in Kafka", () => {
  const making = (type: string, inputs: object, existing: string[]) =>
    refusal(beforeCreate(guardedTypes[type]!, call(type, { newInputs: inputs }), runOf({ existing })));

  it("must not be there already", async () => {
    expect(await making(TOPIC, events, ["topic events "])).toContain("kafka/events: must not exist yet, got a topic");
    expect(await making(TOPIC, events, [])).toBe("passes");
  });

  it("may be a user's credentials of another mechanism", async () => {
    const user = { username: "a", scramMechanism: "SCRAM-SHA-512" };
    expect(await making(USER, user, ["user a SCRAM-SHA-512"])).toContain("kafka/user/a: must not exist yet");
    expect(await making(USER, user, ["user a SCRAM-SHA-256"])).toBe("passes");
  });
});
