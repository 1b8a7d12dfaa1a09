import { describe, expect, it } from "vitest";
import { planOf } from "../../../client/verify/plan.ts";

const rabbit = { url: "amqp://h:1", vhost: "v", password: "p" };
const apps = {
  shop: {
    rabbitmq: {
      ...rabbit,
      username: "shop",
      publishes: { orders: [{ exchange: "events", routingKeys: ["order.*.#"] }] },
      consumes: {},
    },
    sqs: { region: "r", publishes: { payments: { queueUrl: "u", contentBasedDeduplication: true } }, consumes: {} },
    redis: {
      cache: {
        host: "h",
        port: 1,
        tls: false,
        username: "shop",
        password: "p",
        publishes: ["order:*"],
        subscribes: [],
        produces: ["emails"],
        consumes: {},
      },
    },
  },
  worker: {
    rabbitmq: {
      ...rabbit,
      username: "worker",
      publishes: {},
      consumes: {
        orders: {
          queue: "orders",
          prefetch: 1,
          maxAttempts: 3,
          retries: [
            { delay: 1000, place: "messaging.retry.1000ms" },
            { delay: 2000, place: "messaging.retry.2000ms" },
          ],
          deadLetterExchange: "messaging.dead-letter",
          deadLetterQueue: "orders.dlq",
        },
        log: { queue: "log", prefetch: 1, maxAttempts: 3 },
      },
    },
    sqs: {
      region: "r",
      publishes: {},
      consumes: {
        payments: {
          queueUrl: "u",
          visibilityTimeout: 30,
          waitTimeSeconds: 20,
          maxReceiveCount: 3,
          deadLetterQueueUrl: "d",
        },
        strict: { queueUrl: "u", visibilityTimeout: 5, waitTimeSeconds: 20 },
      },
    },
    redis: {
      cache: {
        host: "h",
        port: 1,
        tls: false,
        username: "worker",
        password: "p",
        publishes: [],
        subscribes: ["order:*", "nobody:publishes"],
        produces: [],
        consumes: {
          emails: { mailer: { group: "mailer", maxAttempts: 2, delays: [500], deadLetterStream: "emails.mailer.dlq" } },
        },
      },
    },
  },
};

describe("planOf", () => {
  const { checks, channels, unchecked } = planOf(apps);
  const of = (flow: string) => checks.find((check) => check.flow === flow)!;

  it("checks every consumer of every flow, as the app that publishes to it", () => {
    expect(checks.map(({ flow, producer, consumer, group }) => [flow, producer, consumer, group])).toEqual([
      ["rabbitmq/orders", "shop", "worker", undefined],
      ["sqs/payments", "shop", "worker", undefined],
      ["sqs/strict", undefined, "worker", undefined],
      ["redis/cache/emails/mailer", "shop", "worker", "mailer"],
    ]);
  });

  it("knows how often and how late each comes back", () => {
    expect(checks.map(({ maxAttempts, delays }) => [maxAttempts, delays])).toEqual([
      [3, [1000, 2000]],
      [3, [30_000, 30_000]],
      [Number.POSITIVE_INFINITY, [5000, 5000]],
      [2, [500]],
    ]);
  });

  it("gives canaries a key that leads to the queue, and is the run's own where it can be", () => {
    expect(of("rabbitmq/orders").keyOf("r1", "good")).toBe("order.messaging-verify-r1.messaging-verify-r1");
    expect(of("sqs/payments").keyOf("r1", "good")).toBe("messaging-verify-r1-good");
    expect(of("sqs/payments").keyOf("r1", "poison")).toBe("messaging-verify-r1-poison");
  });

  it("says why a stream is not checked", () => {
    expect(unchecked).toEqual([
      { flow: "rabbitmq/log", consumer: "worker", reason: "a stream keeps what failed where it is" },
    ]);
  });

  it("checks the channels that somebody publishes to", () => {
    expect(channels).toEqual([{ flow: "redis/cache/order:*", publisher: "shop", subscriber: "worker" }]);
  });
});
