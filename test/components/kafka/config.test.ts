import { describe, expect, it } from "vitest";
import {
  minInSyncReplicas,
  toDeadLetterTopicConfig,
  toRetryTopicConfig,
  toTopicConfig,
} from "../../../components/kafka/config.ts";
import { topicOf } from "./specs.ts";

describe("a topic's configuration", () => {
  it("survives the loss of one broker and keeps records for the topic's retention", () => {
    expect(toTopicConfig(topicOf({ retention: "7d" }))).toEqual({
      "min.insync.replicas": "2",
      "unclean.leader.election.enable": "false",
      "retention.ms": "604800000",
    });
  });

  it("takes the skill's own keys verbatim, and over the defaults", () => {
    const config = { "compression.type": "zstd", "min.insync.replicas": 3, "cleanup.policy": "compact" };
    expect(toTopicConfig(topicOf({ config }))).toEqual({
      "min.insync.replicas": "3",
      "unclean.leader.election.enable": "false",
      "retention.ms": "604800000",
      "compression.type": "zstd",
      "cleanup.policy": "compact",
    });
  });

  it("keeps records for ever as Kafka writes it", () => {
    expect(toTopicConfig(topicOf({ retention: "forever" }))["retention.ms"]).toBe("-1");
  });

  it.each([
    [1, 1],
    [2, 1],
    [3, 2],
    [5, 2],
  ])("with %i replicas wants %i in sync", (replicas, inSync) => {
    expect(minInSyncReplicas(replicas)).toBe(inSync);
  });
});

describe("a dead-letter topic's configuration", () => {
  it("keeps every dead letter for its own retention", () => {
    const config = { "cleanup.policy": "compact", "delete.retention.ms": 1 };
    expect(toDeadLetterTopicConfig(topicOf({ config, retention: "30d" }))).toEqual({
      "min.insync.replicas": "2",
      "unclean.leader.election.enable": "false",
      "retention.ms": "2592000000",
      "cleanup.policy": "delete",
      "max.message.bytes": "1114124",
    });
  });

  it("is as safe as its work topic, and takes its largest record with room for headers", () => {
    const config = { "min.insync.replicas": 3, "max.message.bytes": 2_000_000, "compression.type": "zstd" };
    expect(toDeadLetterTopicConfig(topicOf({ config, deadLetter: { retention: "1d" } }))).toEqual({
      "min.insync.replicas": "3",
      "unclean.leader.election.enable": "false",
      "retention.ms": "86400000",
      "cleanup.policy": "delete",
      "compression.type": "zstd",
      "max.message.bytes": "2065536",
    });
  });
});

describe("a retry topic's configuration", () => {
  const retentionOf = (topic: object, delay: number) => toRetryTopicConfig(topicOf(topic), delay)["retention.ms"];

  it("is that of its dead-letter topic, but for how long it keeps records", () => {
    const topic = topicOf({
      config: { "min.insync.replicas": 3, "max.message.bytes": 2_000_000, "cleanup.policy": "compact" },
    });
    expect(toRetryTopicConfig(topic, 1000)).toEqual(toDeadLetterTopicConfig(topic));
    expect(toRetryTopicConfig(topic, 1000)).toMatchObject({
      "cleanup.policy": "delete",
      "max.message.bytes": "2065536",
    });
  });

  it.each([
    ["the topic does", { retention: "30d", deadLetter: { retention: "1d" } }, 1000, 30],
    ["its dead letters do", { retention: "1d", deadLetter: { retention: "20d" } }, 1000, 20],
    ["it waits, and a day", { retention: "1d", deadLetter: { retention: "1d" } }, 2 * 86_400_000, 3],
  ])("keeps a record as long as %s, if that is longest", (_, topic, delay, days) => {
    expect(retentionOf(topic, delay)).toBe(String(days * 86_400_000));
  });

  it("keeps a record for ever where the topic or its dead letters do", () => {
    expect(retentionOf({ retention: "forever" }, 1000)).toBe("-1");
    expect(retentionOf({ deadLetter: { retention: "forever" } }, 1000)).toBe("-1");
  });
});
