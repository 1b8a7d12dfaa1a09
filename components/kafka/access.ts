import { deadLetterTopicName, type KafkaConsumer, type KafkaSkill, retryDelays } from "../../skill/index.ts";
import { aliased } from "../replacing.ts";
import { retriesOf } from "./retryTopics.ts";

/** How a producer sends to a topic: names of the Kafka client's own settings. */
export interface Publication {
  topic: string;
  acks: "all";
  enableIdempotence: true;
}

/** How a consumer of one group takes a topic: names of the Kafka client's own settings, and where failures go. */
export interface Subscription {
  topic: string;
  groupId: string;
  autoOffsetReset: "earliest" | "latest";
  enableAutoCommit: false;
  /** Deliveries in all, 1..20. */
  maxAttempts: number;
  /** Whether a failed record holds back its partition until it succeeds or is dead-lettered. */
  ordered: boolean;
  /** Milliseconds before each retry, in order. */
  delays: number[];
  /** One for each of `delays`: the topic where the record waits. Empty where `ordered`. */
  retries: { delay: number; place: string }[];
  deadLetterTopic: string;
}

/** By topic: how the app produces; by the name of one that is replaced: how it produces to the new one. */
export function toPublications(kafka: KafkaSkill, app: string): Record<string, Publication> {
  const produced = Object.entries(kafka.topics).filter(([, { producers }]) => producers.includes(app));
  const publications = produced.map(
    ([topic]) => [topic, { topic, acks: "all", enableIdempotence: true }] as [string, Publication],
  );
  return aliased(Object.fromEntries(publications), kafka.replace);
}

/** By consumer group, then by topic: how the app consumes; by the name of one that is replaced: how it consumes the new one. */
export function toSubscriptions(kafka: KafkaSkill, app: string): Record<string, Record<string, Subscription>> {
  const groups = new Map<string, Record<string, Subscription>>();
  for (const [topic, { consumers }] of Object.entries(kafka.topics)) {
    for (const [groupId, consumer] of Object.entries(consumers)) {
      if (consumer.app !== app) continue;
      groups.set(groupId, { ...groups.get(groupId), [topic]: toSubscription(topic, groupId, consumer) });
    }
  }
  return Object.fromEntries([...groups].map(([group, topics]) => [group, aliased(topics, kafka.replace)]));
}

function toSubscription(topic: string, groupId: string, consumer: KafkaConsumer): Subscription {
  const { autoOffsetReset, ordered, retry } = consumer;
  return {
    topic,
    groupId,
    autoOffsetReset,
    enableAutoCommit: false,
    maxAttempts: retry.maxAttempts,
    ordered,
    delays: retryDelays(retry),
    retries: retriesOf(topic, groupId, consumer),
    deadLetterTopic: deadLetterTopicName(topic, groupId),
  };
}
