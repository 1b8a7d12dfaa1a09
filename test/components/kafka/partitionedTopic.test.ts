import { describe, expect, it } from "vitest";
import { toDeadLetterTopicConfig, toRetryTopicConfig, toTopicConfig } from "../../../components/kafka/config.ts";
import { PartitionedTopic } from "../../../components/kafka/index.ts";
import type { KafkaTopic } from "../../../skill/index.ts";
import { registered } from "../../mocks.ts";
import { conformance } from "../conformance.ts";
import { topicOf } from "./specs.ts";

const topic = { partitions: 6, consumers: { mailer: { app: "a" }, audit: { app: "b", ordered: true } } };

const topicsOf = async (spec: KafkaTopic) => {
  const all = await registered(() => new PartitionedTopic("events", { spec }));
  return Object.fromEntries(all.slice(1).map(({ name, inputs }) => [name, inputs]));
};

describe("PartitionedTopic", () => {
  conformance({
    token: "messaging:kafka:PartitionedTopic",
    make: (name, opts) => new PartitionedTopic(name, { spec: topicOf(topic) }, opts),
    outputs: ["topic", "deadLetterTopics"],
  });

  it("makes the topic, and for each group its retry topics and a dead-letter topic, with as many partitions and replicas", async () => {
    const spec = topicOf(topic);
    const size = { partitions: 6, replicationFactor: 3 };
    expect(await topicsOf(spec)).toEqual({
      events: { name: "events", ...size, config: toTopicConfig(spec) },
      "events.mailer.dlt": { name: "events.mailer.dlt", ...size, config: toDeadLetterTopicConfig(spec) },
      "events.mailer.retry.1000": { name: "events.mailer.retry.1000", ...size, config: toRetryTopicConfig(spec, 1000) },
      "events.mailer.retry.2000": { name: "events.mailer.retry.2000", ...size, config: toRetryTopicConfig(spec, 2000) },
      "events.audit.dlt": { name: "events.audit.dlt", ...size, config: toDeadLetterTopicConfig(spec) },
    });
  });

  it("makes one retry topic for equal delays, and none where nothing is tried again", async () => {
    const namesOf = async (retry: object) =>
      Object.keys(await topicsOf(topicOf({ consumers: { g: { app: "a", retry } } }))).sort();
    expect(await namesOf({ maxAttempts: 5, backoff: "fixed" })).toEqual([
      "events",
      "events.g.dlt",
      "events.g.retry.1000",
    ]);
    expect(await namesOf({ maxAttempts: 1 })).toEqual(["events", "events.g.dlt"]);
  });

  it("makes the topic when all is there that its failures go to", async () => {
    const all = await registered(() => new PartitionedTopic("events", { spec: topicOf(topic) }));
    const order = all.slice(1).map(({ name }) => name);
    expect(order.at(-1)).toBe("events");
    expect(order).toHaveLength(5);
  });

  it("changes exactly the topic when its retention changes", async () => {
    const [before, after] = [await topicsOf(topicOf(topic)), await topicsOf(topicOf({ ...topic, retention: "3d" }))];
    const changed = Object.keys(after).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
    expect([Object.keys(after).length, changed]).toEqual([5, ["events"]]);
    expect(after.events).toMatchObject({ config: { "retention.ms": "259200000" } });
  });

  it("changes no resource when a group's app or offset reset changes, or the retry of one that keeps the order", async () => {
    const other = { app: "c", autoOffsetReset: "latest", ordered: true, retry: { maxAttempts: 9 } };
    const changed = { ...topic, consumers: { ...topic.consumers, audit: other } };
    expect(await topicsOf(topicOf(changed))).toEqual(await topicsOf(topicOf(topic)));
  });
});
