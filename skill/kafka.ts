import { z } from "zod";
import { appList, duration, flag, map, named, oneOf, wholeNumber } from "./fields.ts";
import { mapValues } from "./mapValues.ts";
import { kafkaConfigRules, kafkaNameRules, type NameTable } from "./nameRules.ts";
import { type Replace, replaceSchema, takeOver } from "./replace.ts";
import { overridden, type Retry, retryOverrideSchema } from "./retry.ts";
import { toMilliseconds } from "./units.ts";

// One request may create this many partitions (Kafka: ReplicationControlManager.MAX_PARTITIONS_PER_BATCH).
const mostPartitions = 10_000;
// The protocol counts replicas in 16 bits; a cluster with fewer brokers than replicas refuses the topic itself.
const mostReplicas = 32_767;
const longestRetention = "36500d";
const deadLetterRetention = "14d";

const retention = () => duration("1s", longestRetention, { forever: true });

const setting = z
  .union([z.string(), z.number(), z.boolean()], "be a string, a number or true or false")
  .transform(String);

const consumerSchema = map({
  app: z.string("be the name of an app").describe("App whose instances form the consumer group."),
  autoOffsetReset: oneOf("earliest", "latest")
    .default("earliest")
    .describe("Where the group begins when it has no position yet. Default: earliest, which misses nothing."),
  ordered: flag()
    .default(false)
    .describe(
      "Whether the order of each partition is kept: a failed record is tried again in place, and holds back its partition until it succeeds or is dead-lettered. Default: false.",
    ),
  retry: retryOverrideSchema.optional().describe("What this group changes of the skill's retry."),
}).describe("A consumer group of the topic.");

const rate = wholeNumber(1, Number.MAX_SAFE_INTEGER);
const share = (rule: string) => z.number(rule).positive(rule);

const quotaSchema = map({
  producerByteRate: rate.optional().describe("Bytes a second that the app may produce, to each broker."),
  consumerByteRate: rate.optional().describe("Bytes a second that the app may consume, from each broker."),
  requestPercentage: share("be a number above 0")
    .optional()
    .describe("Share of a broker's request threads that the app may use, in percent of one thread."),
  controllerMutationRate: share("be a number above 0")
    .optional()
    .describe("Partitions a second that the app may create or delete."),
}).describe("Limits of one app. Kafka counts them for the user, over all topics together.");

const topicSchema = map(
  {
    partitions: wholeNumber(1, mostPartitions)
      .default(3)
      .describe("Partitions, 1 to 10000; may grow and never shrink. Default: 3."),
    replicationFactor: wholeNumber(1, mostReplicas)
      .default(3)
      .describe("Copies of each partition, at most as many as there are brokers. Default: 3."),
    key: z
      .string("be text")
      .min(1, "say what records are keyed by")
      .optional()
      .describe(
        "What records are keyed by, in words such as user id: then their order by key is promised, and partitions cannot grow unnoticed. Default: nothing is promised.",
      ),
    acknowledgeRepartition: wholeNumber(1, mostPartitions)
      .optional()
      .describe(
        "The number of partitions that a topic with a key may grow to, although keys move to other partitions then and lose their order. Default: none.",
      ),
    retention: retention().default("7d").describe("How long a message is kept: 1s to 36500d, or forever. Default: 7d."),
    config: named(setting).default({}).describe("Other settings of the topic by Kafka's own keys. Default: none."),
    producers: appList().default([]).describe("Apps that produce to the topic. Default: none."),
    consumers: named(consumerSchema).default({}).describe("Consumer groups of the topic by name. Default: none."),
    deadLetter: map({
      retention: retention()
        .optional()
        .describe(
          `How long a dead letter is kept. Default: ${deadLetterRetention}, or the topic's retention if longer.`,
        ),
    })
      .optional()
      .describe("The dead-letter topics, <topic>.<group>.dlt, one for each consumer group."),
    quotas: named(quotaSchema).default({}).describe("Limits by app. Default: none."),
  },
  { retry: "be set for a consumer group of the topic" },
).describe("A partitioned topic.");

export const kafkaSchema = map({
  topics: named(topicSchema).default({}).describe("Partitioned topics by name. Default: none."),
  replace: replaceSchema("topic"),
}).describe("Kafka: partitioned topics.");

export const kafkaNames: readonly NameTable[] = [
  { at: ["kafka", "topics"], rules: kafkaNameRules },
  { at: ["kafka", "topics", "*", "consumers"], rules: kafkaNameRules },
  { at: ["kafka", "topics", "*", "config"], rules: kafkaConfigRules },
];

export type KafkaDocument = z.output<typeof kafkaSchema>;
type TopicDocument = KafkaDocument["topics"][string];
type ConsumerDocument = TopicDocument["consumers"][string];

export type KafkaQuota = TopicDocument["quotas"][string];
export type KafkaConsumer = Omit<ConsumerDocument, "retry"> & { retry: Retry };
/** A topic with every default filled in; each consumer group has its own whole retry. */
export type KafkaTopic = Omit<TopicDocument, "consumers" | "deadLetter"> & {
  consumers: Record<string, KafkaConsumer>;
  deadLetter: { retention: string };
};
export type KafkaSkill = {
  topics: Record<string, KafkaTopic>;
  /** Absent: no topic is replaced. */
  replace?: Replace;
};

/** The topics, those that replace others with what they take over from them. */
export const topicsTakenOver = ({ topics, replace }: KafkaDocument): KafkaDocument["topics"] =>
  takeOver(topics, replace, ["producers", "consumers"]);

/** Kafka's part with its defaults, or nothing when it declares nothing. */
export function resolveKafka(document: KafkaDocument, retry: Retry): KafkaSkill | undefined {
  const topics = mapValues(topicsTakenOver(document), (topic) => resolveTopic(topic, retry));
  if (Object.keys(topics).length === 0) return undefined;
  return { topics, ...(Object.keys(document.replace).length > 0 && { replace: document.replace }) };
}

function resolveTopic({ deadLetter, ...topic }: TopicDocument, inherited: Retry): KafkaTopic {
  const consumers = mapValues(topic.consumers, (consumer) => ({
    ...consumer,
    retry: overridden(inherited, consumer.retry),
  }));
  const kept = deadLetter?.retention ?? longer(deadLetterRetention, topic.retention);
  return { ...topic, consumers, deadLetter: { retention: kept } };
}

const longer = (one: string, other: string): string =>
  other === "forever" || toMilliseconds(other) > toMilliseconds(one) ? other : one;
