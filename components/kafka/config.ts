import { type KafkaTopic, minInSyncReplicas, toMilliseconds } from "../../skill/index.ts";

export { minInSyncReplicas };

/** What decides whether a record fits: the largest batch in bytes, counted when compressed. */
export const LARGEST = "max.message.bytes";
/** How a topic's records are compressed. */
const COMPRESSION = "compression.type";

/** Room in a retry or dead-letter topic for the headers that tell where a record failed and why. */
const FAILURE_HEADERS_BYTES = 64 * 1024;

/** Kafka's default of max.message.bytes (ServerLogConfigs.MAX_MESSAGE_BYTES_DEFAULT, 1 MiB and the overhead of a batch). */
export const LARGEST_BY_DEFAULT = 1_048_588;

const DAY = 86_400_000;

/** A topic's configuration in Kafka's own keys: safe defaults, the skill's retention, then the skill's `config` verbatim. */
export function toTopicConfig(topic: KafkaTopic): Record<string, string> {
  return { ...durability(topic), "retention.ms": retentionMs(topic.retention), ...topic.config };
}

/** A dead-letter topic takes whatever the work topic took, as safely, and keeps every record for its own retention. */
export function toDeadLetterTopicConfig(topic: KafkaTopic): Record<string, string> {
  return toFailureTopicConfig(topic, retentionMs(topic.deadLetter.retention));
}

/**
 * A retry topic takes whatever the work topic took, as safely. It keeps a record for as long as the topic or its dead letters do,
 * and a day longer than it waits, so that nothing is gone before a consumer that was away comes back to it.
 */
export function toRetryTopicConfig(topic: KafkaTopic, delay: number): Record<string, string> {
  const retentions = [retentionMs(topic.retention), retentionMs(topic.deadLetter.retention)].map(Number);
  return toFailureTopicConfig(topic, retentions.includes(-1) ? "-1" : String(Math.max(...retentions, delay + DAY)));
}

function toFailureTopicConfig(topic: KafkaTopic, retention: string): Record<string, string> {
  const { "min.insync.replicas": minInSync, [COMPRESSION]: compression, [LARGEST]: largest } = toTopicConfig(topic);
  return {
    ...durability(topic),
    ...(minInSync && { "min.insync.replicas": minInSync }),
    "retention.ms": retention,
    "cleanup.policy": "delete",
    ...(compression && { [COMPRESSION]: compression }),
    [LARGEST]: String(Number(largest ?? LARGEST_BY_DEFAULT) + FAILURE_HEADERS_BYTES),
  };
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
