import { describe, expect, it } from "vitest";
import { minInSyncReplicas, toDeadLetterTopicConfig, toTopicConfig } from "../../../components/kafka/config.ts";
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
