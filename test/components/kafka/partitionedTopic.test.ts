import { describe, expect, it } from "vitest";
import { toDeadLetterTopicConfig, toTopicConfig } from "../../../components/kafka/config.ts";
import { PartitionedTopic } from "../../../components/kafka/index.ts";
import type { KafkaTopic } from "../../../skill/index.ts";
import { registered } from "../../mocks.ts";
import { conformance } from "../conformance.ts";
import { topicOf } from "./specs.ts";

const topic = { partitions: 6, consumers: { mailer: { app: "a" }, audit: { app: "b" } } };

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

  it("makes the topic and a dead-letter topic a group, with as many partitions and replicas", async () => {
    const spec = topicOf(topic);
    const size = { partitions: 6, replicationFactor: 3 };
    expect(await topicsOf(spec)).toEqual({
      events: { name: "events", ...size, config: toTopicConfig(spec) },
      "events.mailer.dlt": { name: "events.mailer.dlt", ...size, config: toDeadLetterTopicConfig(spec) },
      "events.audit.dlt": { name: "events.audit.dlt", ...size, config: toDeadLetterTopicConfig(spec) },
    });
  });

  it("changes exactly the topic when its retention changes", async () => {
    const [before, after] = [await topicsOf(topicOf(topic)), await topicsOf(topicOf({ ...topic, retention: "3d" }))];
    const changed = Object.keys(after).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]));
    expect([Object.keys(after).length, changed]).toEqual([3, ["events"]]);
    expect(after.events).toMatchObject({ config: { "retention.ms": "259200000" } });
  });

  it("changes no resource when a group's app, offset reset or retry changes", async () => {
    const other = { app: "c", autoOffsetReset: "latest", retry: { maxAttempts: 9 } };
    const changed = { ...topic, consumers: { ...topic.consumers, audit: other } };
    expect(await topicsOf(topicOf(changed))).toEqual(await topicsOf(topicOf(topic)));
  });
});
