import { describe, expect, it } from "vitest";
import {
  deadLetterQueueName,
  deadLetterStreamName,
  deadLetterTopicName,
  fifoDeadLetterName,
  fifoName,
  parseSkill,
  type Retry,
  retryDelays,
  retryTopicName,
} from "../../skill/index.ts";
import { linesOf } from "./refusals.ts";

describe("derived names", () => {
  it("are these, on which clients and dashboards rely", () => {
    expect(deadLetterQueueName("orders")).toBe("orders.dlq");
    expect(deadLetterTopicName("user-events", "mailer")).toBe("user-events.mailer.dlt");
    expect(retryTopicName("user-events", "mailer", 1000)).toBe("user-events.mailer.retry.1000");
    expect(fifoName("payments")).toBe("payments.fifo");
    expect(fifoDeadLetterName("payments")).toBe("payments-dlq.fifo");
    expect(deadLetterStreamName("emails", "mailer")).toBe("emails.mailer.dlq");
  });

  it("may be as long as each broker allows, and no longer", () => {
    const skill = (rabbitmq: number, kafka: number, sqs: number) => ({
      name: "shop",
      version: "2.0.0",
      apps: { a: {} },
      rabbitmq: { queues: { ["q".repeat(rabbitmq)]: {} } },
      kafka: { topics: { ["t".repeat(kafka)]: { consumers: { g: { app: "a", retry: { maxAttempts: 1 } } } } } },
      sqs: { queues: { ["p".repeat(sqs)]: {} } },
    });
    expect(linesOf(skill(251, 243, 71))).toEqual([]);
    expect(linesOf(skill(252, 244, 72))).toHaveLength(3);
  });

  it("leave alone a name that another broker or instance has", () => {
    const skill = {
      name: "shop",
      version: "2.0.0",
      apps: { a: {} },
      rabbitmq: { queues: { x: {}, "x.y": {} } },
      kafka: { topics: { x: {}, "x.dlq": {} } },
      sqs: { queues: { x: { onPoison: "block" }, "x-dlq": {} } },
      redis: {
        instances: { i: { streams: { s: { consumers: { g: { app: "a" } } } } }, j: { streams: { "s.g.dlq": {} } } },
      },
    };
    expect(linesOf(skill)).toEqual([]);
  });
});

describe("retry delays", () => {
  const retry: Retry = { maxAttempts: 5, backoff: "exponential", initialDelay: "1s", maxDelay: "5s" };

  it.each([
    ["fixed", [1000, 1000, 1000, 1000]],
    ["linear", [1000, 2000, 3000, 4000]],
    ["exponential", [1000, 2000, 4000, 5000]],
  ] as const)("grow as %s says, up to maxDelay", (backoff, delays) => {
    expect(retryDelays({ ...retry, backoff })).toEqual(delays);
  });

  it("are none for a single delivery", () => {
    expect(retryDelays({ ...retry, maxAttempts: 1 })).toEqual([]);
  });

  it("are merged part by part: the skill's, then the queue's, then the consumer's", () => {
    const skill = parseSkill({
      name: "shop",
      version: "2.0.0",
      retry: { maxAttempts: 9, initialDelay: "2s" },
      apps: { a: {} },
      rabbitmq: {
        queues: { q: { retry: { backoff: "fixed", maxDelay: "1m" }, consumers: { a: { retry: { maxDelay: "3s" } } } } },
      },
    });
    expect(skill.rabbitmq?.queues.q?.retry).toEqual({
      maxAttempts: 9,
      backoff: "fixed",
      initialDelay: "2s",
      maxDelay: "1m",
    });
    expect(skill.rabbitmq?.queues.q?.consumers.a?.retry).toEqual({
      maxAttempts: 9,
      backoff: "fixed",
      initialDelay: "2s",
      maxDelay: "3s",
    });
  });
});
