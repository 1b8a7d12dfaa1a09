import { describe, expect, it } from "vitest";
import { parseSkill } from "../../skill/index.ts";

const retry = { maxAttempts: 3, backoff: "exponential", initialDelay: "1s", maxDelay: "5m" };
const base = { name: "shop", version: "2.0.0", apps: { a: {} } };

describe("a parsed skill", () => {
  it("has every default of everything that is declared", () => {
    const skill = parseSkill({
      ...base,
      rabbitmq: { exchanges: { e: { type: "fanout" } }, queues: { q: { consumers: { a: {} } } } },
      kafka: { topics: { t: { consumers: { g: { app: "a" } } } } },
      sqs: { queues: { p: {} } },
      redis: { instances: { i: { channels: { c: {} }, streams: { s: { consumers: { g: { app: "a" } } } } } } },
    });
    expect(skill).toEqual({
      ...base,
      retry,
      rabbitmq: {
        vhost: "shop",
        exchanges: { e: { type: "fanout" } },
        queues: {
          q: {
            type: "quorum",
            producers: [],
            consumers: { a: { prefetch: 10, retry } },
            bindings: [],
            retry,
            deadLetter: { retention: "14d" },
          },
        },
      },
      kafka: {
        topics: {
          t: {
            partitions: 3,
            replicationFactor: 3,
            retention: "7d",
            config: {},
            producers: [],
            consumers: { g: { app: "a", autoOffsetReset: "earliest", ordered: false, retry } },
            deadLetter: { retention: "14d" },
            quotas: {},
          },
        },
      },
      sqs: {
        queues: {
          p: {
            contentBasedDeduplication: true,
            highThroughput: false,
            visibilityTimeout: "30s",
            retention: "4d",
            onPoison: "deadLetter",
            producers: [],
            consumers: [],
            retry,
          },
        },
      },
      redis: {
        instances: {
          i: {
            engine: "redis",
            maxMemory: "256mb",
            channels: { c: { publishers: [], subscribers: [] } },
            streams: { s: { producers: [], consumers: { g: { app: "a", retry } } } },
            keys: {},
          },
        },
      },
    });
  });

  it("leaves out a broker that declares nothing, as one that is not mentioned", () => {
    const empty = { rabbitmq: { vhost: "v" }, kafka: { topics: {} }, sqs: {}, redis: { instances: {} } };
    expect(parseSkill({ ...base, ...empty })).toEqual({ ...base, retry });
  });

  it("keeps RabbitMQ for an exchange alone", () => {
    const skill = parseSkill({ ...base, rabbitmq: { exchanges: { e: { type: "topic" } } } });
    expect(skill.rabbitmq).toEqual({ vhost: "shop", exchanges: { e: { type: "topic" } }, queues: {} });
  });

  it("has no dead letters on a stream", () => {
    const skill = parseSkill({ ...base, rabbitmq: { queues: { q: { type: "stream", retention: "7d" } } } });
    expect(skill.rabbitmq?.queues.q).toEqual({
      type: "stream",
      retention: "7d",
      producers: [],
      consumers: {},
      bindings: [],
      retry,
    });
  });

  it.each([
    ["7d", "14d"],
    ["14d", "14d"],
    ["30d", "30d"],
    ["forever", "forever"],
  ])("keeps the dead letters of a topic kept for %s for %s", (retention, expected) => {
    const skill = parseSkill({ ...base, kafka: { topics: { t: { retention } } } });
    expect(skill.kafka?.topics.t?.deadLetter).toEqual({ retention: expected });
  });

  it("keeps dead letters for less where the skill says so", () => {
    const skill = parseSkill({ ...base, kafka: { topics: { t: { deadLetter: { retention: "1d" } } } } });
    expect(skill.kafka?.topics.t?.deadLetter).toEqual({ retention: "1d" });
  });

  it("has Kafka's settings as strings, as Kafka has them", () => {
    const config = {
      "segment.bytes": 1048576,
      preallocate: true,
      "compression.type": "zstd",
      "min.cleanable.dirty.ratio": 0.5,
    };
    const skill = parseSkill({ ...base, kafka: { topics: { t: { config } } } });
    expect(skill.kafka?.topics.t?.config).toEqual({
      "segment.bytes": "1048576",
      preallocate: "true",
      "compression.type": "zstd",
      "min.cleanable.dirty.ratio": "0.5",
    });
  });

  it("shares nothing with the input", () => {
    const input = { ...base, sqs: { queues: { p: { producers: ["a"] } } } };
    parseSkill(input).sqs?.queues.p?.producers.push("b");
    expect(input.sqs.queues.p.producers).toEqual(["a"]);
  });
});
