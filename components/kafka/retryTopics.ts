import { type KafkaConsumer, retryDelays, retryTopicName } from "../../skill/index.ts";

/** How a consumer group retries. */
type Retrying = Pick<KafkaConsumer, "ordered" | "retry">;

/** One for each retry, in order: how long a record waits, in milliseconds, and in which topic. None where the order is kept. */
export const retriesOf = (topic: string, group: string, { ordered, retry }: Retrying) =>
  ordered ? [] : retryDelays(retry).map((delay) => ({ delay, place: retryTopicName(topic, group, delay) }));

/** The retry topics of a consumer group, each of them once: one a distinct delay. */
export const retryTopicsOf = (topic: string, group: string, consumer: Retrying) => [
  ...new Map(retriesOf(topic, group, consumer).map((retry) => [retry.place, retry])).values(),
];
