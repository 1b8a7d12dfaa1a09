import type { AsyncMessage, Channel } from "rabbitmq-client";
import { describe, expect, it } from "vitest";
import type { RabbitmqSubscription } from "../../../client/access.ts";
import { ConnectionError, type ConsumeOptions, type Handler, RefusedError } from "../../../client/message.ts";
import { handle, nextPlace } from "../../../client/rabbitmq/handle.ts";
import type { Outgoing } from "../../../client/rabbitmq/publisher.ts";
import { messageOf } from "./message.ts";

const tiers: RabbitmqSubscription = {
  queue: "orders",
  prefetch: 10,
  maxAttempts: 3,
  retries: [
    { delay: 2000, place: "messaging.retry.2000ms" },
    { delay: 1000, place: "messaging.retry.1000ms" },
  ],
  deadLetterExchange: "messaging.dead-letter",
  deadLetterQueue: "orders.dlq",
};
const { retries: _, ...bare } = tiers;
const native: RabbitmqSubscription = { ...bare, nativeDelays: [1000, 2000] };
const delivery = { key: "order.new", headers: { a: "b" }, attempt: 2 };

describe("what an outcome means on RabbitMQ", () => {
  it("sends a retry to the tier of its delay", () => {
    expect(nextPlace(tiers, delivery, { kind: "retry", delay: 1000, headers: { "x-attempt": "3" } })).toEqual({
      exchange: "messaging.retry.1000ms",
      headers: { "x-attempt": "3" },
    });
  });

  it("leaves a retry to the queue where it delays them itself", () => {
    expect(nextPlace(native, delivery, { kind: "retry", delay: 1000, headers: {} })).toBe("again");
  });

  it("sends a dead letter to the exchange for them, also where the queue delays", () => {
    const outcome = { kind: "deadLetter", headers: { "x-error": "no" } } as const;
    const place = { exchange: "messaging.dead-letter", headers: { "x-error": "no" } };
    expect([nextPlace(tiers, delivery, outcome), nextPlace(native, delivery, outcome)]).toEqual([place, place]);
  });

  it("gives back through the shortest tier as the same attempt, and holds where there is none", () => {
    expect(nextPlace(tiers, delivery, { kind: "giveBack" })).toEqual({
      exchange: "messaging.retry.1000ms",
      headers: { a: "b", "x-attempt": "2", "x-key": "order.new" },
    });
    expect(nextPlace(native, delivery, { kind: "giveBack" })).toBe("held");
    expect(nextPlace({ ...tiers, retries: [] }, delivery, { kind: "giveBack" })).toBe("held");
  });
});

/** Handles one message and gives back what was done, in order. */
async function done(
  message: object,
  handler: Handler,
  send: (message: Outgoing) => Promise<void>,
  options: ConsumeOptions = {},
) {
  const steps: string[] = [];
  const channel = { active: true, basicAck: () => void steps.push("ack") };
  const publisher = {
    send: async (outgoing: Outgoing) => {
      await send(outgoing);
      steps.push(`${outgoing.exchange} ${outgoing.routingKey} ${outgoing.headers?.["x-error"]}`);
    },
    close: async () => {},
  };
  const parts = { publisher, consumer: "worker", subscription: tiers, handler, options };
  const raw = messageOf(message) as AsyncMessage;
  await handle(parts, channel as unknown as Channel, raw, new AbortController().signal);
  return steps;
}

describe("a delivery on RabbitMQ", () => {
  const fails = () => {
    throw new Error("no");
  };

  it("is acknowledged when its handler returns", async () => {
    expect(
      await done(
        {},
        () => {},
        async () => {},
      ),
    ).toEqual(["ack"]);
  });

  it("is acknowledged after its retry is confirmed", async () => {
    expect(await done({}, fails, async () => {})).toEqual(["messaging.retry.2000ms orders no", "ack"]);
  });

  it("is published until that works, and everybody hears of it", async () => {
    const answers = [new ConnectionError("gone"), new RefusedError("full")];
    const told: string[] = [];
    const send = async () => {
      const answer = answers.shift();
      if (answer) throw answer;
    };
    const steps = await done({}, fails, send, { onError: ({ message }) => void told.push(message) });
    expect(steps).toEqual(["messaging.retry.2000ms orders no", "ack"]);
    expect(told).toEqual(["gone", "full"]);
  });

  it("is a dead letter after the last attempt, whoever counted it", async () => {
    const letter = ["messaging.dead-letter orders no", "ack"];
    expect(await done({ headers: { "x-attempt": "3" } }, fails, async () => {})).toEqual(letter);
    expect(await done({ headers: { "x-delivery-count": 2 } }, fails, async () => {})).toEqual(letter);
  });

  it("does not reach the handler when as many deliveries as there may be went unanswered", async () => {
    let handled = 0;
    const steps = await done(
      { headers: { "x-delivery-count": 3 } },
      () => void handled++,
      async () => {},
    );
    expect(handled).toBe(0);
    expect(steps).toEqual([
      "messaging.dead-letter orders delivered 3 times, and its consumer ended without an answer",
      "ack",
    ]);
  });
});
