import type { KafkaConsumer, KafkaSkill } from "./kafka.ts";
import { mapValues } from "./mapValues.ts";
import { retryTopicName } from "./names.ts";
import { retryDelays } from "./retry.ts";
import type { Skill } from "./schema.ts";

/** How a consumer group retries. */
type Retrying = Pick<KafkaConsumer, "ordered" | "retry">;

/** One for each retry, in order: how long a record waits, in milliseconds, and in which topic. None where the order is kept. */
export const retriesOf = (topic: string, group: string, { ordered, retry }: Retrying) =>
  ordered ? [] : retryDelays(retry).map((delay) => ({ delay, place: retryTopicName(topic, group, delay) }));

/** The retry topics of a consumer group, each of them once: one a distinct delay. */
export const retryTopicsOf = (topic: string, group: string, consumer: Retrying) => [
  ...new Map(retriesOf(topic, group, consumer).map((retry) => [retry.place, retry])).values(),
];

/** Two copies of every acknowledged record where there are three, one where there are fewer: one broker may fail. */
export function minInSyncReplicas(replicationFactor: number): number {
  return Math.min(2, Math.max(1, replicationFactor - 1));
}

/** The skill where there is one broker of each kind: one Kafka broker holds one replica, everything else stays. */
export const onOneBroker = (skill: Skill): Skill =>
  skill.kafka === undefined ? skill : { ...skill, kafka: withOneReplica(skill.kafka) };

const withOneReplica = (kafka: KafkaSkill): KafkaSkill => ({
  ...kafka,
  topics: mapValues(kafka.topics, (topic) => {
    const { "min.insync.replicas": _, ...config } = topic.config;
    return { ...topic, replicationFactor: 1, config };
  }),
});
