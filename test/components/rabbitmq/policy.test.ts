import { describe, expect, it } from "vitest";
import {
  maxDeliveries,
  toDeadLetterQueuePolicy,
  toTierPolicy,
  toWorkQueuePolicy,
} from "../../../components/rabbitmq/policy.ts";
import { queueOf } from "./specs.ts";

const policyOf = (queue: object) => toWorkQueuePolicy("orders", queueOf(queue));

describe("a work queue's policy", () => {
  it("dead-letters from a quorum queue at least once, and never drops", () => {
    expect(policyOf({ retry: { maxAttempts: 3 } })).toEqual({
      pattern: "^orders$",
      priority: 1000,
      applyTo: "queues",
      definition: {
        "dead-letter-exchange": "messaging.dead-letter",
        "dead-letter-routing-key": "orders",
        "dead-letter-strategy": "at-least-once",
        "delivery-limit": "4",
        overflow: "reject-publish",
      },
    });
  });

  it("holds the queue's length where the skill does", () => {
    expect(policyOf({ maxLength: 1_000_000 })?.definition["max-length"]).toBe("1000000");
    expect(Object.keys(policyOf({})?.definition ?? {})).not.toContain("max-length");
  });

  it("leaves to a classic queue only what it has", () => {
    expect(policyOf({ type: "classic", maxLength: 5 })?.definition).toEqual({
      "dead-letter-exchange": "messaging.dead-letter",
      "dead-letter-routing-key": "orders",
      overflow: "reject-publish",
      "max-length": "5",
    });
  });

  it("gives a stream its retention in seconds, and nothing else", () => {
    expect(policyOf({ type: "stream", retention: "7d" })?.definition).toEqual({ "max-age": "604800s" });
  });

  it("does not exist for a stream without retention", () => {
    expect(policyOf({ type: "stream" })).toBeUndefined();
  });

  it("escapes the queue's name", () => {
    expect(toWorkQueuePolicy("a.b", queueOf({}, "a.b"))?.pattern).toBe("^a\\.b$");
  });

  it.each([
    [{ retry: { maxAttempts: 1 } }, 1],
    [{ retry: { maxAttempts: 2 }, consumers: { a: {} } }, 2],
    [{ retry: { maxAttempts: 2 }, consumers: { a: { retry: { maxAttempts: 9 } }, b: {} } }, 9],
    [{ retry: { maxAttempts: 5 }, consumers: { a: { retry: { maxAttempts: 2 } } } }, 2],
  ])("waits for the most patient consumer of %j: %i deliveries", (queue, deliveries) => {
    expect(maxDeliveries(queueOf(queue))).toBe(deliveries);
  });
});

describe("a work queue's policy on RabbitMQ 4.3.1", () => {
  const delayed = {
    consumers: { a: { retry: { backoff: "linear", initialDelay: "2s", maxDelay: "5s", maxAttempts: 5 } } },
  };

  it("delays what failed, and only that", () => {
    expect(toWorkQueuePolicy("orders", queueOf(delayed), "4.3.1")?.definition).toEqual({
      "dead-letter-exchange": "messaging.dead-letter",
      "dead-letter-routing-key": "orders",
      "dead-letter-strategy": "at-least-once",
      "delayed-retry-type": "failed",
      "delayed-retry-min": "2000",
      "delayed-retry-max": "5000",
      "delivery-limit": "6",
      overflow: "reject-publish",
    });
  });

  it("says nothing of delays where tiers keep them", () => {
    const before = toWorkQueuePolicy("orders", queueOf(delayed));
    expect(toWorkQueuePolicy("orders", queueOf(delayed), "4.3.0")).toEqual(before);
    expect(Object.keys(before!.definition)).not.toContain("delayed-retry-type");
  });
});

describe("a delay tier's policy", () => {
  it("gives a message to the queue that its routing key names, after the delay, and keeps it until that queue has it", () => {
    expect(toTierPolicy(1000)).toEqual({
      pattern: "^messaging\\.retry\\.1000ms$",
      priority: 1000,
      applyTo: "queues",
      definition: {
        "message-ttl": "1000",
        "dead-letter-exchange": "",
        "dead-letter-strategy": "at-least-once",
        "delivery-limit": "1000000000",
        overflow: "reject-publish",
      },
    });
  });
});

describe("a dead-letter queue's policy", () => {
  it("keeps dead letters for their retention, however often they are looked at", () => {
    expect(toDeadLetterQueuePolicy("orders.dlq", "14d")).toEqual({
      pattern: "^orders\\.dlq$",
      priority: 1000,
      applyTo: "queues",
      definition: { "message-ttl": "1209600000", "delivery-limit": "1000000000" },
    });
  });
});
