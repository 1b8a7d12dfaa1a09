import type { Flow } from "./inPlace.ts";

// biome-ignore lint/suspicious/noExplicitAny: a skill as people write it
type Written = any;

/** One change that docs/changes.md calls in place. They add up: each is made on the skill that the one before left. */
export interface Change {
  name: string;
  change(skill: Written): void;
}

export const FLOWS: Record<string, Flow[]> = {
  rabbitmq: [
    { flow: "rabbitmq/orders", producer: "shop", consumer: "worker" },
    { flow: "rabbitmq/jobs", producer: "shop", consumer: "worker" },
  ],
  kafka: ["billing", "stats"].map((group) => ({ flow: "kafka/events", producer: "shop", consumer: "worker", group })),
  sqs: [{ flow: "sqs/payments", producer: "shop", consumer: "worker" }],
  redis: [{ flow: "redis/cache/mails", producer: "shop", consumer: "worker", group: "mailer" }],
};

const kafkaGroup = (name: string, consumer: object) => ({
  name,
  change: (skill: Written) => Object.assign(skill.kafka.topics.events.consumers.billing, consumer),
});
const kafkaTopic = (name: string, topic: object) => ({
  name,
  change: (skill: Written) => Object.assign(skill.kafka.topics.events, topic),
});
const sqsQueue = (name: string, queue: object) => ({
  name,
  change: (skill: Written) => Object.assign(skill.sqs.queues.payments, queue),
});

export const CHANGES: Record<string, Change[]> = {
  rabbitmq: [
    { name: "retry.initialDelay 1s -> 3s", change: (skill) => Object.assign(skill.retry, { initialDelay: "3s" }) },
    { name: "retry.initialDelay 3s -> 2s", change: (skill) => Object.assign(skill.retry, { initialDelay: "2s" }) },
    {
      name: "a queue's retry",
      change: (skill) => Object.assign(skill.rabbitmq.queues.orders, { retry: { initialDelay: "1500ms" } }),
    },
    {
      name: "a consumer's retry",
      change: (skill) =>
        Object.assign(skill.rabbitmq.queues.orders.consumers, {
          worker: { prefetch: 5, retry: { maxAttempts: 5, backoff: "linear", initialDelay: "1s", maxDelay: "3s" } },
        }),
    },
    {
      name: "fewer attempts",
      change: (skill) => (skill.rabbitmq.queues.orders.consumers.worker.retry.maxAttempts = 2),
    },
    { name: "backoff exponential", change: (skill) => Object.assign(skill.retry, { backoff: "exponential" }) },
    { name: "maxDelay", change: (skill) => Object.assign(skill.retry, { maxDelay: "3s" }) },
    {
      name: "another routing key",
      change: (skill) => (skill.rabbitmq.queues.orders.bindings[0].routingKey = "order.made"),
    },
    {
      name: "a new binding",
      change: (skill) => (skill.rabbitmq.queues.jobs.bindings = [{ exchange: "events", routingKey: "job.*" }]),
    },
    { name: "maxLength", change: (skill) => (skill.rabbitmq.queues.orders.maxLength = 50_000) },
    {
      name: "deadLetter.retention",
      change: (skill) => (skill.rabbitmq.queues.orders.deadLetter = { retention: "20d" }),
    },
    { name: "prefetch", change: (skill) => (skill.rabbitmq.queues.orders.consumers.worker.prefetch = 1) },
    {
      name: "another app renamed",
      change: (skill) => {
        skill.apps = { shop: {}, worker: {}, another: {} };
        skill.rabbitmq.queues.mails = { producers: ["another"], consumers: { another: {} } };
      },
    },
  ],
  kafka: [
    { name: "retry.initialDelay 1s -> 3s", change: (skill) => Object.assign(skill.retry, { initialDelay: "3s" }) },
    { name: "retry.initialDelay 3s -> 2s", change: (skill) => Object.assign(skill.retry, { initialDelay: "2s" }) },
    kafkaGroup("a group's retry", { retry: { maxAttempts: 4, backoff: "linear", initialDelay: "1s" } }),
    kafkaGroup("fewer attempts", { retry: { maxAttempts: 2, initialDelay: "1500ms" } }),
    kafkaGroup("ordered", { ordered: true }),
    kafkaGroup("no longer ordered", { ordered: false }),
    kafkaTopic("more partitions", { partitions: 6 }),
    kafkaTopic("retention", { retention: "9d" }),
    kafkaTopic("config", { config: { "compression.type": "gzip" } }),
    kafkaTopic("quotas", { quotas: { shop: { producerByteRate: 1_000_000 } } }),
    kafkaTopic("deadLetter.retention", { deadLetter: { retention: "20d" } }),
    {
      name: "another app renamed",
      change: (skill) => {
        skill.apps = { shop: {}, worker: {}, another: {} };
        skill.kafka.topics.mails.consumers = { mailer: { app: "another" } };
      },
    },
  ],
  sqs: [
    sqsQueue("visibilityTimeout", { visibilityTimeout: "4s" }),
    sqsQueue("more attempts", { retry: { maxAttempts: 4 } }),
    sqsQueue("highThroughput", { highThroughput: true }),
    sqsQueue("contentBasedDeduplication", { contentBasedDeduplication: false }),
    sqsQueue("retention", { retention: "9d" }),
    // The last: whoever reads the next output has one attempt.
    sqsQueue("fewer attempts", { retry: { maxAttempts: 1 } }),
  ],
  redis: [
    { name: "retry", change: (skill) => Object.assign(skill.retry, { initialDelay: "3s", maxAttempts: 4 }) },
    { name: "shorter retry", change: (skill) => Object.assign(skill.retry, { initialDelay: "500ms", maxAttempts: 2 }) },
    { name: "maxMemory", change: (skill) => (skill.redis.instances.cache.maxMemory = "64mb") },
    {
      name: "a new key and channel",
      change: (skill) =>
        Object.assign(skill.redis.instances.cache, {
          keys: { "k:*": ["worker"] },
          channels: { "c:*": { publishers: ["shop"], subscribers: ["worker"] } },
        }),
    },
    {
      name: "another app renamed",
      change: (skill) => {
        skill.apps = { shop: {}, worker: {}, another: {} };
        skill.redis.instances.cache.streams.others.producers = ["another"];
      },
    },
  ],
};
