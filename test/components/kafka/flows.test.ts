import { describe, expect, it } from "vitest";
import type { KafkaAccess } from "../../../client/access.ts";
import type { KafkaDeadLetters } from "../../../client/operator.ts";
import { toPublications, toSubscriptions } from "../../../components/kafka/access.ts";
import { toDeadLetters } from "../../../components/kafka/flows.ts";
import { declareFlows, type KafkaFlowsArgs } from "../../../components/kafka/index.ts";
import { passwordFrom } from "../../../components/password.ts";
import type { Skill } from "../../../skill/index.ts";
import { program, resolve } from "../../mocks.ts";
import { kafkaOf, skillOf } from "./specs.ts";

const connection: KafkaFlowsArgs["connection"] = {
  bootstrapServers: ["127.0.0.1:9092"],
  tls: false,
  saslMechanism: "SCRAM-SHA-512",
};
const operator = { saslMechanism: "SCRAM-SHA-512", username: "admin", password: "p" };
const declared = (skill: Skill) => program(() => declareFlows({ skill, secret: "s", connection, operator }, {}));

const topics = {
  events: { producers: ["a"], consumers: { mailer: { app: "b" } }, quotas: { a: { producerByteRate: 5 } } },
  audit: { retention: "forever", consumers: { mailer: { app: "b", autoOffsetReset: "latest" } } },
};

describe("declareFlows of Kafka", () => {
  it("declares nothing where the skill has no Kafka part", async () => {
    const { outputs, resources } = await declared({ ...skillOf({}), kafka: undefined });
    expect([outputs, resources]).toEqual([{ apps: {}, summary: [] }, []]);
  });

  it("gives each app its connection and the settings of its clients", async () => {
    const { outputs } = await program(() =>
      resolve(declareFlows({ skill: skillOf(topics), secret: "s", connection, operator }, {}).apps),
    );
    const common = (app: string) => ({
      bootstrapServers: ["127.0.0.1:9092"],
      securityProtocol: "SASL_PLAINTEXT",
      saslMechanism: "SCRAM-SHA-512",
      username: app,
      password: passwordFrom("s", `kafka/${app}`),
    });
    const consumed = (topic: string, autoOffsetReset: string) => ({
      topic,
      groupId: "mailer",
      autoOffsetReset,
      enableAutoCommit: false,
      deadLetterTopic: `${topic}.mailer.dlt`,
      maxAttempts: 3,
      ordered: false,
      delays: [1000, 2000],
      retries: [
        { delay: 1000, place: `${topic}.mailer.retry.1000` },
        { delay: 2000, place: `${topic}.mailer.retry.2000` },
      ],
    });
    expect(outputs?.isSecret).toBe(true);
    expect(outputs?.value).toEqual({
      a: {
        ...common("a"),
        publishes: { events: { topic: "events", acks: "all", enableIdempotence: true } },
        consumes: {},
      },
      b: {
        ...common("b"),
        publishes: {},
        consumes: { mailer: { events: consumed("events", "earliest"), audit: consumed("audit", "latest") } },
      },
    });
  });

  it("names encrypted connections as Kafka's clients do", async () => {
    const { outputs } = await program(() =>
      declareFlows({ skill: skillOf(topics), secret: "s", connection: { ...connection, tls: true }, operator }, {}),
    );
    expect(outputs?.apps.a).toMatchObject({ securityProtocol: "SASL_SSL" });
  });

  it("says all that this client needs, in the client's own types", () => {
    const spec = kafkaOf({ t: { producers: ["a"], consumers: { g: { app: "a" }, h: { app: "b", ordered: true } } } });
    const password = "p";
    const access = {
      ...connection,
      securityProtocol: "SASL_PLAINTEXT",
      username: "a",
      password,
      publishes: toPublications(spec, "a"),
      consumes: toSubscriptions(spec, "a"),
      bootstrapServers: ["127.0.0.1:9092"],
    } satisfies KafkaAccess;
    expect(access.consumes.g!.t!.retries.map(({ delay }) => delay)).toEqual(access.consumes.g!.t!.delays);
    const dead = toDeadLetters(spec) satisfies KafkaDeadLetters[];
    expect(dead).toEqual([
      {
        flow: "kafka/t/g",
        topic: "t",
        groupId: "g",
        autoOffsetReset: "earliest",
        deadLetterTopic: "t.g.dlt",
        redriveTopic: "t.g.retry.1000",
      },
      {
        flow: "kafka/t/h",
        topic: "t",
        groupId: "h",
        autoOffsetReset: "earliest",
        deadLetterTopic: "t.h.dlt",
        redriveTopic: "t",
      },
    ]);
  });

  it("keeps the delays of a group that keeps the order, without topics for them", () => {
    const spec = kafkaOf({ t: { consumers: { g: { app: "a", ordered: true } } } });
    expect(toSubscriptions(spec, "a").g!.t).toMatchObject({ ordered: true, delays: [1000, 2000], retries: [] });
  });

  it("tells the operator how to connect and where dead letters are", async () => {
    const { outputs } = await declared(skillOf(topics));
    expect(outputs?.operator).toMatchObject({
      bootstrapServers: ["127.0.0.1:9092"],
      securityProtocol: "SASL_PLAINTEXT",
      ...operator,
      deadLetters: [{ flow: "kafka/events/mailer" }, { flow: "kafka/audit/mailer" }],
    });
  });

  it("sums up in plain rows", async () => {
    const { outputs } = await declared(skillOf(topics));
    expect(outputs?.summary.map(({ broker, kind, name, detail }) => [broker, kind, name, detail])).toEqual([
      ["kafka", "topic", "events", "3 partitions, replication factor 3, keeps 7d"],
      ["kafka", "retry topic", "events.mailer.retry.1000", "for 1000 ms"],
      ["kafka", "retry topic", "events.mailer.retry.2000", "for 2000 ms"],
      ["kafka", "dead-letter topic", "events.mailer.dlt", "keeps 14d"],
      ["kafka", "topic", "audit", "3 partitions, replication factor 3, keeps forever"],
      ["kafka", "retry topic", "audit.mailer.retry.1000", "for 1000 ms"],
      ["kafka", "retry topic", "audit.mailer.retry.2000", "for 2000 ms"],
      ["kafka", "dead-letter topic", "audit.mailer.dlt", "keeps forever"],
    ]);
  });

  it("changes only an app's own resources when the app is renamed", async () => {
    const renamed = {
      events: { ...topics.events, consumers: { mailer: { app: "c" } } },
      audit: { ...topics.audit, consumers: { mailer: { app: "c", autoOffsetReset: "latest" } } },
    };
    const of = async (all: object) =>
      (await declared(skillOf(all))).resources.map(({ urn, inputs }) => JSON.stringify([urn, inputs]));
    const [before, after] = [await of(topics), await of(renamed)];
    const names = (all: string[], others: string[]) =>
      all
        .filter((one) => !others.includes(one))
        .map((one) => JSON.parse(one)[0].split("::").at(-1))
        .sort();
    const ofTopic = (app: string, topic: string) => [
      `${app}/Topic/${topic}.mailer.dlt/Write`,
      ...[1000, 2000].flatMap((delay) => [
        `${app}/Topic/${topic}.mailer.retry.${delay}/Read`,
        `${app}/Topic/${topic}.mailer.retry.${delay}/Write`,
      ]),
      `${app}/Topic/${topic}/Read`,
    ];
    const own = (app: string) => [
      app,
      app,
      `${app}/Group/mailer/Read`,
      ...ofTopic(app, "audit"),
      ...ofTopic(app, "events"),
    ];
    expect(names(before, after)).toEqual(own("b"));
    expect(names(after, before)).toEqual(own("c"));
  });
});
