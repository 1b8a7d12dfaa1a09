import { type KafkaTopic, toMilliseconds } from "../../skill/index.ts";

// What decides whether a record fits: the largest batch in bytes, counted when compressed so.
const LARGEST = "max.message.bytes";
const COMPRESSION = "compression.type";

/** Room in the dead-letter topic for the headers that tell where a record failed and why. */
const FAILURE_HEADERS_BYTES = 64 * 1024;

/** A topic's configuration in Kafka's own keys: safe defaults, the skill's retention, then the skill's `config` verbatim. */
export function toTopicConfig(topic: KafkaTopic): Record<string, string> {
  return { ...durability(topic), "retention.ms": retentionMs(topic.retention), ...topic.config };
}

/** A dead-letter topic takes whatever the work topic took, as safely, and keeps every record for its own retention. */
export function toDeadLetterTopicConfig(topic: KafkaTopic): Record<string, string> {
  const { "min.insync.replicas": minInSync, [COMPRESSION]: compression, [LARGEST]: largest } = toTopicConfig(topic);
  return {
    ...durability(topic),
    ...(minInSync && { "min.insync.replicas": minInSync }),
    "retention.ms": retentionMs(topic.deadLetter.retention),
    "cleanup.policy": "delete",
    ...(compression && { [COMPRESSION]: compression }),
    ...(largest && { [LARGEST]: String(Number(largest) + FAILURE_HEADERS_BYTES) }),
  };
}

/** Two copies of every acknowledged record where there are three, one where there are fewer: one broker may fail. */
export function minInSyncReplicas(replicationFactor: number): number {
  return Math.min(2, Math.max(1, replicationFactor - 1));
}

function durability({ replicationFactor }: KafkaTopic): Record<string, string> {
  return {
    "min.insync.replicas": String(minInSyncReplicas(replicationFactor)),
    "unclean.leader.election.enable": "false",
  };
}

/** Kafka writes "for ever" as -1. */
function retentionMs(retention: string): string {
  return retention === "forever" ? "-1" : String(toMilliseconds(retention));
}
