import { describe, expect, it } from "vitest";
import { toPublications, toSubscriptions } from "../../../components/kafka/access.ts";
import { declareFlows } from "../../../components/kafka/index.ts";
import { copiedTopics } from "../../../components/kafka/replacement.ts";
import type { Replacing } from "../../../components/replacing.ts";
import { parseSkill } from "../../../skill/index.ts";
import { program } from "../../mocks.ts";

const skill = parseSkill({
  name: "shop",
  version: "2.0.0",
  retry: { maxAttempts: 2, backoff: "fixed", initialDelay: "2s" },
  apps: { shop: {}, worker: {} },
  kafka: {
    topics: {
      events: {
        partitions: 6,
        producers: ["shop"],
        consumers: { billing: { app: "worker" }, stats: { app: "worker" } },
      },
      "events-v2": { consumers: { billing: { app: "worker" }, stats: { app: "worker", ordered: true } } },
    },
    replace: { events: "events-v2" },
  },
});
const spec = skill.kafka!;
const declared = async (stage: "moving" | "leaving") => {
  const replacing: Replacing = { events: { stage, seen: "seen" } };
  const connection = { bootstrapServers: ["k:1"], tls: false, saslMechanism: "SCRAM-SHA-512" } as const;
  const operator = { saslMechanism: "SCRAM-SHA-512", username: "admin", password: "p" };
  const { resources } = await program(() =>
    declareFlows(
      { skill, secret: "s", connection: { ...connection, bootstrapServers: ["k:1"] }, operator, replacing },
      {},
    ),
  );
  return resources;
};

describe("a topic that is replaced", () => {
  it("is copied with each group's retries and dead letters, marked where other groups read them", () => {
    expect(copiedTopics(spec, "events")).toEqual([
      { from: "events", to: "events-v2", kind: "work" },
      {
        from: "events.billing.retry.2000",
        to: "events-v2.billing.retry.2000",
        kind: "retry",
        groupId: "billing",
      },
      { from: "events.billing.dlt", to: "events-v2.billing.dlt", kind: "deadLetters", groupId: "billing" },
      { from: "events.stats.retry.2000", to: "events-v2", shared: true, kind: "retry", groupId: "stats" },
      { from: "events.stats.dlt", to: "events-v2.stats.dlt", kind: "deadLetters", groupId: "stats" },
    ]);
  });

  it("is copied after both are there, and loses its rights before it goes", async () => {
    const resources = await declared("moving");
    const mirror = resources.find(({ type }) => type.endsWith(":Mirror"))!;
    expect(mirror.inputs).toMatchObject({ groups: ["billing", "stats"], seen: "seen" });
    expect(mirror.dependencies).toEqual(expect.arrayContaining(["events", "events-v2"]));
    const write = resources.find(({ name }) => name === "shop/Topic/events/Write")!;
    expect(write.dependencies).toContain("events");
  });

  it("is not declared when it may go, nor is any right on it", async () => {
    const names = (await declared("leaving")).map(({ name }) => name);
    expect(names.filter((name) => /(^|\/)events(\.|\/|$)/.test(name))).toEqual([]);
    expect(names).toContain("events-v2");
  });

  it("leads apps to the new one by the old name", () => {
    expect(toPublications(spec, "shop").events).toEqual({ topic: "events-v2", acks: "all", enableIdempotence: true });
    expect(toSubscriptions(spec, "worker").billing!.events).toMatchObject({
      topic: "events-v2",
      deadLetterTopic: "events-v2.billing.dlt",
    });
  });
});
