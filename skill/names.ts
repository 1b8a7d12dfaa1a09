/** The user as whom a broker that runs here is provisioned. No app may bear its name. */
export const LOCAL_ADMINISTRATOR = "messaging-admin";

/** The RabbitMQ queue where the dead letters of a queue end. */
export const deadLetterQueueName = (queue: string): string => `${queue}.dlq`;

/** The RabbitMQ exchange, and the queue behind it, where messages wait `delay` milliseconds before their next delivery. One a vhost. */
export const retryTierName = (delay: number): string => `messaging.retry.${delay}ms`;
/** The delay of the tier that a queue is by its name, in milliseconds; undefined: it is none. */
export function tierDelayOf(queue: string): number | undefined {
  const [, delay] = /^messaging\.retry\.(\d+)ms$/.exec(queue) ?? [];
  return delay === undefined ? undefined : Number(delay);
}
/** Whether a queue's name is that of a delay tier. */
export const isRetryTier = (queue: string): boolean => tierDelayOf(queue) !== undefined;

/** The Kafka topic where the dead letters of one consumer group of a topic end. */
export const deadLetterTopicName = (topic: string, group: string): string => `${topic}.${group}.dlt`;

/** The Kafka topic where a message of one consumer group waits `delay` milliseconds before its next delivery. */
export const retryTopicName = (topic: string, group: string, delay: number): string =>
  `${topic}.${group}.retry.${delay}`;

/** The name in AWS of an SQS queue. */
export const fifoName = (queue: string): string => `${queue}.fifo`;

/** The name in AWS of the dead-letter queue of an SQS queue. */
export const fifoDeadLetterName = (queue: string): string => `${queue}-dlq.fifo`;

/** The Redis stream where the dead letters of one consumer group of a stream end. */
export const deadLetterStreamName = (stream: string, group: string): string => `${stream}.${group}.dlq`;
