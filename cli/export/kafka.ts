import { deadLetterTopicName, type KafkaSkill, retryDelays, retryTopicsOf } from "../../skill/index.ts";
import type { Flow } from "./flow.ts";

/** The topics of Kafka as flows. */
export const kafkaFlows = (kafka: KafkaSkill | undefined): Flow[] =>
  Object.entries(kafka?.topics ?? {}).map(([topic, { producers, consumers, deadLetter }]) => ({
    broker: "kafka",
    name: `kafka/${topic}`,
    place: topic,
    kind: "topic",
    producers,
    consumers: Object.entries(consumers).map(([group, consumer]) => ({
      app: consumer.app,
      group,
      letters: `kafka/${topic}/${group}`,
      retry: consumer.retry,
      delays: retryDelays(consumer.retry),
      tiers: retryTopicsOf(topic, group, consumer),
      deadLetters: deadLetterTopicName(topic, group),
      ...(deadLetter.retention !== "forever" && { deadLetterRetention: deadLetter.retention }),
      maxAttempts: consumer.retry.maxAttempts,
    })),
  }));
