import type { KafkaAccess, KafkaSubscription } from "../../../client/access.ts";
import { rawOf, type StoredRecord } from "../../../client/kafka/records.ts";

/** A record, as plain as can be but for what is given. */
export const recordOf = (given: Partial<StoredRecord> = {}): StoredRecord => ({
  topic: "events",
  partition: 2,
  offset: 7n,
  timestamp: Date.UTC(2026, 0, 1),
  key: null,
  value: Buffer.from("body"),
  headers: {},
  rawHeaders: rawOf(given.headers ?? {}),
  codec: "none",
  ...given,
});

/** What a group is told of a topic with two retries. */
export const subscriptionOf = (given: Partial<KafkaSubscription> = {}): KafkaSubscription => ({
  topic: "events",
  groupId: "mailer",
  autoOffsetReset: "earliest",
  maxAttempts: 3,
  ordered: false,
  delays: [10, 20],
  retries: [
    { delay: 10, place: "events.mailer.retry.10" },
    { delay: 20, place: "events.mailer.retry.20" },
  ],
  deadLetterTopic: "events.mailer.dlt",
  ...given,
});

export const accessOf = (given: Partial<KafkaAccess> = {}): KafkaAccess => ({
  bootstrapServers: ["127.0.0.1:1"],
  securityProtocol: "SASL_PLAINTEXT",
  saslMechanism: "SCRAM-SHA-512",
  username: "a",
  password: "p",
  publishes: {},
  consumes: {},
  ...given,
});
