import { EventEmitter } from "node:events";
import type { AsyncMessage, Channel } from "rabbitmq-client";
import { afterEach, expect, it, vi } from "vitest";
import { deadLettersOf } from "../../../client/rabbitmq/deadLetters.ts";
import type { Link } from "../../../client/rabbitmq/link.ts";
import { delivered } from "./message.ts";

afterEach(() => vi.useRealTimers());

/** A link to one queue: what a look gives back stands first again, and what is given back one by one comes last. */
async function queueOf(ids: readonly string[]): Promise<Link> {
  const ready = await Promise.all(ids.map((messageId) => delivered({ messageId })));
  const open = async () => {
    const inHand = new Map<number, AsyncMessage>();
    let tag = 0;
    let prefetch = 0;
    const next = () => {
      const message = ready.shift();
      if (message) inHand.set(++tag, { ...message, deliveryTag: tag });
      return message && inHand.get(tag);
    };
    const takeBack = (tag: number): AsyncMessage => {
      const message = inHand.get(tag)!;
      inHand.delete(tag);
      return message;
    };
    const giveBackAll = () => void ready.unshift(...[...inHand.keys()].map(takeBack));
    const parts = {
      active: true,
      queueDeclare: async () => ({ messageCount: ready.length }),
      basicQos: async ({ prefetchCount }: { prefetchCount: number }) => {
        prefetch = prefetchCount;
      },
      basicConsume: async (_: object, take: (message: AsyncMessage) => void) => {
        for (let left = prefetch; left > 0 && ready.length > 0; left--) setImmediate(take, next()!);
      },
      basicCancel: async () => {},
      basicGet: async () => next(),
      basicNack: ({ deliveryTag, multiple }: { deliveryTag: number; multiple?: boolean }) =>
        multiple ? giveBackAll() : ready.push(takeBack(deliveryTag)),
      basicAck: ({ deliveryTag, multiple }: { deliveryTag: number; multiple?: boolean }) => {
        for (const one of multiple ? [...inHand.keys()] : [deliveryTag]) if (one <= deliveryTag) inHand.delete(one);
      },
      close: async () => giveBackAll(),
    };
    const channel = Object.assign(new EventEmitter(), parts) as unknown as Channel;
    return { channel, ended: new Promise<Error>(() => {}) };
  };
  return { open, blocked: () => undefined, close: async () => {} };
}

it("Dead letters of RabbitMQ come in batches of the size that was asked for, also after those that stay were given back", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const ids = Array.from({ length: 13 }, (_, at) => `m-${at}`);
  const place = { flow: "rabbitmq/orders", queue: "orders", deadLetterQueue: "orders.dlq" };
  const publisher = { send: async () => {}, close: async () => {} };
  const link = await queueOf(ids);
  const letters = deadLettersOf(place as never, {
    link,
    publisher,
    deadLetterExchange: "dead",
    targets: [],
    hold: 1000,
  });
  const batches: string[][] = [];
  const counts: number[] = [];
  for await (const batch of letters.take(2)) {
    batches.push(batch.map(({ id }) => id));
    counts.push((await letters.count()).messages);
    await letters.settle(batch.map(({ id }) => ({ kind: id === "m-8" ? "drop" : "keep" })));
    // Six are kept by now, and are given back.
    if (batches.length === 3) vi.advanceTimersByTime(1000);
  }
  expect(batches).toEqual([
    ["m-0", "m-1"],
    ["m-2", "m-3"],
    ["m-4", "m-5"],
    ["m-6", "m-7"],
    ["m-8", "m-9"],
    ["m-10", "m-11"],
    ["m-12"],
  ]);
  expect(counts).toEqual([13, 13, 13, 13, 13, 12, 12]);
  expect(await letters.count()).toMatchObject({ messages: 12 });
});
