import { isRetryTopicOf } from "../../client/kafka/state.ts";
import type { KafkaDeadLetters } from "../../client/operator.ts";
import { RESTORE } from "./finding.ts";
import { ADMIN_FILE, kafkaTool, word } from "./kafkaTools.ts";
import { CRASHED, higher, lower, NOTHING_LOST, type Rule, size, where } from "./rules.ts";

/** Kafka's largest number, which is without a limit too. */
const UNLIMITED = "9223372036854775807";
/** Kafka begins a new file each time: at a shorter one it has more files than the system lets it open, long before any are deleted. */
const SHORTEST_SEGMENT_MS = 60_000;
/** Bytes that a retry or dead-letter topic takes where the skill says nothing: Kafka's default, and 64 KiB for what failed. */
const LARGEST_FAILED = 1_114_124;
const TOO_EARLY = "Somebody changed it: Kafka deletes records of this topic before their time, consumed or not.";

/** Of all settings of a topic in Kafka 4, those that lose, refuse or stop its records. */
export const TOPIC_RULES: readonly Rule[] = [
  { trouble: "message loss", of: ["retention.ms"], otherwise: "604800000", wrong: lower, cause: TOO_EARLY },
  { trouble: "message loss", of: ["retention.bytes"], otherwise: "-1", wrong: lower, cause: TOO_EARLY },
  {
    trouble: "message loss",
    of: ["cleanup.policy"],
    otherwise: "delete",
    wrong: where((found, expected) => found.includes("compact") && !expected.includes("compact")),
    cause:
      "Somebody changed it: of the records with one key Kafka keeps only the last, and it refuses a record without a key.",
  },
  {
    trouble: "refused",
    of: ["max.message.bytes"],
    otherwise: "1048588",
    wrong: lower,
    cause: "Somebody lowered it: larger records are refused (MESSAGE_TOO_LARGE).",
  },
  {
    trouble: "refused",
    of: ["compression.type"],
    otherwise: "producer",
    wrong: where((found) => found === "uncompressed"),
    cause:
      "Somebody changed it: Kafka unpacks records and measures them then, so those that only fit when compressed are refused (MESSAGE_TOO_LARGE).",
  },
  {
    trouble: "refused",
    of: ["message.timestamp.before.max.ms", "message.timestamp.difference.max.ms"],
    otherwise: UNLIMITED,
    wrong: lower,
    cause:
      "Somebody lowered it: records whose time is that many milliseconds before the broker's are refused (INVALID_TIMESTAMP).",
  },
  {
    trouble: "refused",
    of: ["message.timestamp.after.max.ms"],
    // Kafka 4's.
    otherwise: "3600000",
    wrong: lower,
    cause:
      "Somebody lowered it: records whose time is that many milliseconds after the broker's are refused (INVALID_TIMESTAMP).",
  },
  {
    trouble: "refused",
    of: ["segment.bytes"],
    otherwise: "1073741824",
    wrong: where((found, expected) => size(found) < Math.min(size(expected), LARGEST_FAILED)),
    cause: "Somebody lowered it: what does not fit in one segment is refused (RECORD_LIST_TOO_LARGE).",
  },
  {
    trouble: "broker",
    of: ["segment.ms"],
    otherwise: "604800000",
    wrong: where((found, expected) => size(found) < Math.min(size(expected), SHORTEST_SEGMENT_MS)),
    cause:
      "Somebody lowered it: Kafka begins new files with every few records, and stops once it has more than the system lets it open.",
    after: NOTHING_LOST,
  },
  {
    trouble: "message loss",
    of: ["min.insync.replicas"],
    otherwise: "1",
    wrong: lower,
    cause: "Somebody lowered it: a record is confirmed when fewer copies have it, and lost with the brokers of those.",
    after: CRASHED,
  },
  {
    trouble: "message loss",
    of: ["replicationFactor"],
    wrong: lower,
    cause: "Somebody took copies away: records are lost with fewer brokers.",
    after: CRASHED,
  },
  {
    trouble: "message loss",
    of: ["unclean.leader.election.enable"],
    otherwise: "false",
    wrong: where((found) => found === "true"),
    cause: "Somebody turned it on: a copy that is behind may become the leader, and what it does not have is lost.",
    after: CRASHED,
  },
  {
    trouble: "message loss",
    of: ["flush.messages", "flush.ms"],
    otherwise: UNLIMITED,
    wrong: higher,
    cause: "Somebody raised it: what Kafka has not written to its disk is lost when every copy's machine fails.",
    after: CRASHED,
  },
  {
    trouble: "message loss",
    of: ["message.timestamp.type"],
    otherwise: "CreateTime",
    wrong: where((found) => found === "CreateTime"),
    cause:
      "Somebody changed it: retention counts from the time that a producer says, so a record with an old one is deleted at once.",
  },
  {
    trouble: "message loss",
    of: ["min.compaction.lag.ms", "delete.retention.ms"],
    // Where the skill says nothing the topic may not be compacted, and then it has no effect.
    wrong: where((found, expected) => expected !== "" && size(found) < size(expected)),
    cause:
      "Somebody lowered it: Kafka compacts away records, or the deletion of a key, before a group that is that many milliseconds behind has read them.",
  },
  {
    trouble: "message loss",
    of: ["remote.storage.enable"],
    otherwise: "false",
    wrong: where((found) => found === "false"),
    cause: "Somebody turned it off: Kafka deletes what it has of the topic in remote storage.",
  },
  {
    trouble: "broker",
    of: ["partitions"],
    wrong: higher,
    cause:
      "Somebody added partitions, and Kafka takes none away: npx pulumi up --refresh is refused until the skill says how many there are, or the topic is made again.",
    fix: (topic, found, access) => {
      const isOf = (own: KafkaDeadLetters) =>
        topic === own.deadLetterTopic || isRetryTopicOf(own.topic, own.groupId)(topic);
      const owner = access.kafka?.deadLetters?.find(isOf);
      const declare = `say partitions: ${found} below kafka.topics.${owner?.topic ?? topic} in skill.yaml, and acknowledgeRepartition: ${found} where it has a key, then ${RESTORE}`;
      if (!owner)
        return `A key's next records may go to another partition, and be handled before those that were written until now. As that is done, ${declare}. ${NOTHING_LOST}`;
      const remove = `${kafkaTool("kafka-topics.sh", access)} --delete --topic ${word(topic)}`;
      // Its group and the tools read all partitions that there are.
      return `It does no harm by itself. Once nothing waits in it, stop the consumers of ${owner.groupId}, delete it, ${remove} (${ADMIN_FILE}), have it made again, ${RESTORE}, and start them. Or ${declare}: that gives ${owner.topic} as many, where a key's next records go to another partition, too. ${NOTHING_LOST}`;
    },
  },
];
