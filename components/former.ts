import type { RabbitmqBinding } from "../skill/index.ts";

/**
 * What an earlier `apps` output told one app to use, and the present one does not. An app reads its output once, when it starts: so it
 * stays, with the app's rights, until nobody who read that output can need it.
 */
export interface Former {
  app: string;
  /** What clients that read that output show to the broker; see client/mark.ts. */
  mark: string;
  /** When the output after it was there, ISO 8601; absent: it is not yet. Who shows no mark may have read the earlier one if connected before. */
  since?: string;
}

export interface FormerRabbitmq extends Former {
  broker: "rabbitmq";
  /** Delays in milliseconds of the tiers that the app's failed messages of a queue wait in. */
  tiers: { queue: string; delay: number }[];
  /** By which the app's messages come to a queue. */
  bindings: (RabbitmqBinding & { queue: string })[];
}

export interface FormerKafka extends Former {
  broker: "kafka";
  /** Retry topics: each of a consumer group of a topic, for so many milliseconds. */
  retries: { topic: string; group: string; delay: number }[];
}

export interface FormerSqs extends Former {
  broker: "sqs";
  /** How often a message of a queue is received before SQS itself moves it to the dead letters. */
  receives: { queue: string; maxReceiveCount: number }[];
}

/** Every one of them, of each broker. */
export type AnyFormer = FormerRabbitmq | FormerKafka | FormerSqs;

/** Each of some values once, by what tells it from the others. */
export const once = <T>(values: readonly T[], keyOf: (value: T) => string): T[] => [
  ...new Map(values.map((value) => [keyOf(value), value])).values(),
];

/** Why something former is there, in the summary. */
export const keptFor = (apps: readonly string[]): string =>
  `former: kept while ${[...new Set(apps)].sort().join(", ")} may run with an earlier output`;
