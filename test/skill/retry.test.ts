import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { linesOf, type Refusal } from "./refusals.ts";

const good = parse(
  "{ name: shop, version: 2.0.0, apps: { a: {} }, rabbitmq: { queues: { q: { consumers: { a: {} } } } }, kafka: { topics: { t: { consumers: { g: { app: a } } } } }, redis: { instances: { i: { streams: { s: { consumers: { g: { app: a } } } } } } } }",
);

const refusals: Refusal[] = [
  [
    "maxAttempts is at least 1",
    "retry: { maxAttempts: 0 }",
    ["retry.maxAttempts: must be a whole number from 1 to 20, got 0"],
  ],
  [
    "maxAttempts is at most 20",
    "retry: { maxAttempts: 21 }",
    ["retry.maxAttempts: must be a whole number from 1 to 20, got 21"],
  ],
  [
    "maxAttempts is whole",
    "retry: { maxAttempts: 2.5 }",
    ["retry.maxAttempts: must be a whole number from 1 to 20, got 2.5"],
  ],
  [
    "maxAttempts is a number",
    'retry: { maxAttempts: "3" }',
    ['retry.maxAttempts: must be a whole number from 1 to 20, got "3"'],
  ],
  [
    "backoff is one of three",
    "retry: { backoff: exponental }",
    ['retry.backoff: must be one of fixed, linear, exponential, got "exponental" (did you mean exponential?)'],
  ],
  [
    "a delay has a unit",
    "retry: { initialDelay: 5 }",
    ["retry.initialDelay: must be a duration (a whole number and ms, s, m, h or d) from 1ms to 3650d, got 5"],
  ],
  [
    "a delay has a known unit",
    "retry: { initialDelay: 1w }",
    ['retry.initialDelay: must be a duration (a whole number and ms, s, m, h or d) from 1ms to 3650d, got "1w"'],
  ],
  [
    "a delay is above 0",
    "retry: { initialDelay: 0s }",
    ['retry.initialDelay: must be a duration (a whole number and ms, s, m, h or d) from 1ms to 3650d, got "0s"'],
  ],
  [
    "a delay is whole",
    "retry: { initialDelay: 1.5s }",
    ['retry.initialDelay: must be a duration (a whole number and ms, s, m, h or d) from 1ms to 3650d, got "1.5s"'],
  ],
  [
    "a delay has no sign",
    "retry: { initialDelay: -1s }",
    ['retry.initialDelay: must be a duration (a whole number and ms, s, m, h or d) from 1ms to 3650d, got "-1s"'],
  ],
  [
    "a delay is at most ten years",
    "retry: { maxDelay: 3651d }",
    ['retry.maxDelay: must be a duration (a whole number and ms, s, m, h or d) from 1ms to 3650d, got "3651d"'],
  ],
  [
    "initialDelay is at most maxDelay",
    "retry: { initialDelay: 2m, maxDelay: 1m }",
    ['retry.initialDelay: must be at most maxDelay (1m), got "2m"'],
  ],
  [
    "maxDelay is at least the default of initialDelay",
    "retry: { maxDelay: 500ms }",
    ['retry.maxDelay: must be at least initialDelay (1s), got "500ms"'],
  ],
  [
    "a queue's maxDelay is at least the skill's initialDelay",
    "{ retry: { initialDelay: 1m }, rabbitmq: { queues: { q: { retry: { maxDelay: 30s } } } } }",
    ['rabbitmq.queues.q.retry.maxDelay: must be at least initialDelay (1m), got "30s"'],
  ],
  [
    "a consumer's initialDelay is at most its queue's maxDelay",
    "rabbitmq: { queues: { q: { retry: { maxDelay: 30s }, consumers: { a: { retry: { initialDelay: 1m } } } } } }",
    ['rabbitmq.queues.q.consumers.a.retry.initialDelay: must be at most maxDelay (30s), got "1m"'],
  ],
  [
    "a Kafka group's delays are in order",
    "kafka: { topics: { t: { consumers: { g: { retry: { initialDelay: 1h } } } } } }",
    ['kafka.topics.t.consumers.g.retry.initialDelay: must be at most maxDelay (5m), got "1h"'],
  ],
  [
    "a Redis group's delays are in order",
    "redis: { instances: { i: { streams: { s: { consumers: { g: { retry: { initialDelay: 1h } } } } } } } }",
    ['redis.instances.i.streams.s.consumers.g.retry.initialDelay: must be at most maxDelay (5m), got "1h"'],
  ],
  [
    "nothing is said of the order of a delay that is wrong itself",
    "{ retry: { initialDelay: soon, maxDelay: 10ms } }",
    ['retry.initialDelay: must be a duration (a whole number and ms, s, m, h or d) from 1ms to 3650d, got "soon"'],
  ],
  [
    "a retry has known keys only",
    "retry: { maxAttempt: 3 }",
    ['retry.maxAttempt: must be a known key, got "maxAttempt" (did you mean maxAttempts?)'],
  ],
  [
    "a consumer's retry keeps the same rules",
    "rabbitmq: { queues: { q: { consumers: { a: { retry: { maxAttempts: 99, backoff: 1 } } } } } }",
    [
      "rabbitmq.queues.q.consumers.a.retry.maxAttempts: must be a whole number from 1 to 20, got 99",
      "rabbitmq.queues.q.consumers.a.retry.backoff: must be one of fixed, linear, exponential, got 1",
    ],
  ],
];

describe("a retry", () => {
  it("has a good skill to start from", () => {
    expect(linesOf(good)).toEqual([]);
  });

  it.each(refusals)("%s", (_, patch, lines) => {
    expect(linesOf(good, patch)).toEqual(lines);
  });
});
