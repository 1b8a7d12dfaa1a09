import { describe, expect, it } from "vitest";
import { declareFlows, type KafkaFlowsArgs } from "../../../components/kafka/index.ts";
import { passwordFrom } from "../../../components/password.ts";
import type { Skill } from "../../../skill/index.ts";
import { program, resolve } from "../../mocks.ts";
import { skillOf } from "./specs.ts";

const connection: KafkaFlowsArgs["connection"] = {
  bootstrapServers: ["127.0.0.1:9092"],
  tls: false,
  saslMechanism: "SCRAM-SHA-512",
};
const declared = (skill: Skill) => program(() => declareFlows({ skill, secret: "s", connection }, {}));

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
      resolve(declareFlows({ skill: skillOf(topics), secret: "s", connection }, {}).apps),
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
      retry: { maxAttempts: 3, backoff: "exponential", initialDelay: "1s", maxDelay: "5m" },
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
      declareFlows({ skill: skillOf(topics), secret: "s", connection: { ...connection, tls: true } }, {}),
    );
    expect(outputs?.apps.a).toMatchObject({ securityProtocol: "SASL_SSL" });
  });

  it("sums up in plain rows", async () => {
    const { outputs } = await declared(skillOf(topics));
    expect(outputs?.summary.map(({ broker, kind, name, detail }) => [broker, kind, name, detail])).toEqual([
      ["kafka", "topic", "events", "3 partitions, replication factor 3, keeps 7d"],
      ["kafka", "dead-letter topic", "events.mailer.dlt", "keeps 14d"],
      ["kafka", "topic", "audit", "3 partitions, replication factor 3, keeps forever"],
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
    const own = (app: string) => [
      app,
      app,
      `${app}/Group/mailer/Read`,
      `${app}/Topic/audit.mailer.dlt/Write`,
      `${app}/Topic/audit/Read`,
      `${app}/Topic/events.mailer.dlt/Write`,
      `${app}/Topic/events/Read`,
    ];
    expect(names(before, after)).toEqual(own("b"));
    expect(names(after, before)).toEqual(own("c"));
  });
});
