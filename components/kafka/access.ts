import { deadLetterTopicName, type KafkaSkill, type Retry } from "../../skill/index.ts";

/** How a producer sends to a topic: names of the Kafka client's own settings. */
export interface Publication {
  topic: string;
  acks: "all";
  enableIdempotence: true;
}

/** How a consumer of one group takes a topic: names of the Kafka client's own settings, and where failures end. */
export interface Subscription {
  topic: string;
  groupId: string;
  autoOffsetReset: "earliest" | "latest";
  enableAutoCommit: false;
  deadLetterTopic: string;
  retry: Retry;
}

/** By topic: how the app produces. */
export function toPublications(kafka: KafkaSkill, app: string): Record<string, Publication> {
  const produced = Object.entries(kafka.topics).filter(([, { producers }]) => producers.includes(app));
  return Object.fromEntries(produced.map(([topic]) => [topic, { topic, acks: "all", enableIdempotence: true }]));
}

/** By consumer group, then by topic: how the app consumes. */
export function toSubscriptions(kafka: KafkaSkill, app: string): Record<string, Record<string, Subscription>> {
  const groups = new Map<string, Record<string, Subscription>>();
  for (const [topic, { consumers }] of Object.entries(kafka.topics)) {
    for (const [groupId, { app: consumer, autoOffsetReset, retry }] of Object.entries(consumers)) {
      if (consumer !== app) continue;
      const deadLetterTopic = deadLetterTopicName(topic, groupId);
      const taken = { topic, groupId, autoOffsetReset, enableAutoCommit: false as const, deadLetterTopic, retry };
      groups.set(groupId, { ...groups.get(groupId), [topic]: taken });
    }
  }
  return Object.fromEntries(groups);
}
