import type { Channel } from "rabbitmq-client";
import { describe, expect, it } from "vitest";
import type { RabbitmqSubscription } from "../../../client/access.ts";
import type { Refusals } from "../../../client/insist.ts";
import { ConnectionError, type ConsumeOptions, type Handler, RefusedError } from "../../../client/message.ts";
import { attemptAt, handle, nextPlaces } from "../../../client/rabbitmq/handle.ts";
import type { Outgoing } from "../../../client/rabbitmq/publisher.ts";
import { forLong } from "../forLong.ts";
import { headersOf, messageOf } from "./message.ts";

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
const kept = { "x-key": "order.new" };
const delivery = { headers: { a: "b", "x-error": "before" }, attempt: 2, kept };

describe("what an outcome means on RabbitMQ", () => {
  it("sends a retry to the tier of its delay, else to another tier, else to the dead letters", () => {
    expect(nextPlaces(tiers, delivery, { kind: "retry", delay: 1000, headers: { "x-attempt": "3" } })).toEqual([
      { place: "messaging.retry.1000ms", headers: { ...kept, "x-attempt": "3" }, isEnd: false },
      { place: "messaging.retry.2000ms", headers: { ...kept, "x-attempt": "3" }, isEnd: false },
      { place: "messaging.dead-letter", headers: { ...kept, "x-attempt": "2" }, isEnd: true },
    ]);
  });

  it("leaves a retry to the queue where it delays them itself", () => {
    expect(nextPlaces(native, delivery, { kind: "retry", delay: 1000, headers: {} })).toBe("again");
  });

  it("sends a dead letter to the exchange for them, also where the queue delays", () => {
    const outcome = { kind: "deadLetter", headers: { "x-error": "no" } } as const;
    const places = [{ place: "messaging.dead-letter", headers: { ...kept, "x-error": "no" }, isEnd: true }];
    expect([nextPlaces(tiers, delivery, outcome), nextPlaces(native, delivery, outcome)]).toEqual([places, places]);
  });

  it("gives back through the shortest tier as the same attempt, and holds where there is none", () => {
    const headers = { ...kept, "x-error": "before", "x-attempt": "2" };
    expect(nextPlaces(tiers, delivery, { kind: "giveBack" })).toEqual([
      { place: "messaging.retry.1000ms", headers, isEnd: false },
      { place: "messaging.retry.2000ms", headers, isEnd: false },
    ]);
    expect(nextPlaces(native, delivery, { kind: "giveBack" })).toBe("held");
    expect(nextPlaces({ ...tiers, retries: [] }, delivery, { kind: "giveBack" })).toBe("held");
  });
});

/** Handles one message and gives back what was done, in order. */
async function done(
  message: object,
  handler: Handler,
  send: (message: Outgoing) => Promise<void>,
  options: ConsumeOptions = {},
  refusals: Refusals = new Map(),
) {
  const steps: string[] = [];
  const insistence = {
    flow: "rabbitmq/orders",
    onError: options.onError,
    stopping: new AbortController().signal,
    refusals,
  };
  const fail = ({ message }: Error) => void steps.push(`end: ${message}`);
  const channel = {
    active: true,
    basicAck: () => void steps.push("ack"),
    basicNack: ({ requeue }: { requeue: boolean }) => void steps.push(requeue ? "give back" : "reject"),
  };
  const publisher = {
    send: async (outgoing: Outgoing) => {
      await send(outgoing);
      steps.push(`${outgoing.exchange} ${outgoing.routingKey} ${headersOf(outgoing.properties)["x-error"]}`);
    },
    close: async () => {},
  };
  const parts = { publisher, consumer: "worker", subscription: tiers, handler, options };
  await handle(parts, { insistence, fail }, channel as unknown as Channel, messageOf(message));
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

  it("falls back to what the broker still takes, and says why", async () => {
    const refusing = (...places: string[]) => {
      const sent: unknown[] = [];
      const send = async ({ exchange, properties }: Outgoing) => {
        const headers = headersOf(properties);
        if (places.includes(exchange)) throw new RefusedError(`not ${exchange}`);
        sent.push([exchange, headers["x-refusal"], headers["x-attempt"]]);
      };
      return { sent, send, refusals: new Map(places.map((place) => [place, forLong()] as const)) };
    };
    const [long, short, dead] = ["messaging.retry.2000ms", "messaging.retry.1000ms", "messaging.dead-letter"] as const;
    const one = refusing(long);
    expect((await done({}, fails, one.send, {}, one.refusals)).at(-1)).toBe("ack");
    expect(one.sent).toEqual([[short, `not ${long}`, "2"]]);
    const tiers = refusing(long, short);
    expect((await done({}, fails, tiers.send, {}, tiers.refusals)).at(-1)).toBe("ack");
    expect(tiers.sent).toEqual([[dead, `not ${long}`, "1"]]);
    const all = refusing(long, short, dead);
    expect(await done({}, fails, all.send, {}, all.refusals)).toEqual([
      `end: rabbitmq/orders: the consumer ended, its access may be out of date: read the stack's \`apps\` output again and restart it; where it ends again, messaging doctor says why: not ${dead}`,
    ]);
  });

  it("is left to its queue's own dead-lettering where no client can publish it again, and that is told", async () => {
    const told: string[] = [];
    const send = async ({ exchange }: Outgoing) => {
      throw new RefusedError(`${exchange} has no room for m-1`, { tooLarge: true });
    };
    expect(await done({}, fails, send, { onError: ({ message }) => void told.push(message) })).toEqual(["reject"]);
    expect(told.at(-1)).toBe(
      "rabbitmq/orders: message m-1 cannot be published again, so it is rejected, and its queue makes it a dead letter without a word of its failure: messaging.dead-letter has no room for m-1",
    );
    const canariesOnly = () => {};
    expect(await done({}, fails, send, { canariesOnly })).toEqual([]);
  });

  it("is a dead letter after the last attempt, and reaches it however often the broker lost the delivery before", async () => {
    const letter = ["messaging.dead-letter orders no", "ack"];
    expect(await done({ headers: { "x-attempt": "3" } }, fails, async () => {})).toEqual(letter);
    let handled = 0;
    for (const lost of [1, 4]) {
      const headers = { "x-attempt": "3", "x-delivery-count": lost };
      const succeeds = () => void handled++;
      expect(await done({ headers }, succeeds, async () => {})).toEqual(["ack"]);
    }
    expect(handled).toBe(2);
  });

  it("does not reach the handler when more deliveries than there may be went unanswered", async () => {
    let handled = 0;
    const steps = await done(
      { headers: { "x-delivery-count": 5 } },
      () => void handled++,
      async () => {},
    );
    expect(handled).toBe(0);
    expect(steps).toEqual([
      "messaging.dead-letter orders delivered 5 times, and its consumer ended without an answer",
      "ack",
    ]);
  });

  it("is counted by the broker where the queue delays what is rejected, its last attempt not before it is due", () => {
    const attempts = [0, 1, 2, 3, 4, 5].map((count) => attemptAt(native, 1, count));
    expect(attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 3, 3, 3]);
    expect(attempts.map(({ isGivenUp }) => isGivenUp)).toEqual([false, false, false, false, false, true]);
  });
});
