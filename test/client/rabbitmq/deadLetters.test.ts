import { EventEmitter } from "node:events";
import type { AsyncMessage, Channel } from "rabbitmq-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { DeadLetters, Verdict } from "../../../client/deadLetters.ts";
import { RefusedError } from "../../../client/message.ts";
import { deadLettersOf } from "../../../client/rabbitmq/deadLetters.ts";
import type { Link } from "../../../client/rabbitmq/link.ts";
import { delivered } from "./message.ts";

afterEach(() => vi.useRealTimers());

interface Queue {
  link: Link;
  ready: AsyncMessage[];
  /** Copies of what came in. */
  coming: unknown[];
}

/** A link to one queue, and to another that sees what comes in: what a look gives back stands first again, and what is given back one by one comes last. */
async function queueOf(ids: readonly string[]): Promise<Queue> {
  const ready = await Promise.all(ids.map((messageId) => delivered({ messageId })));
  const coming: unknown[] = [];
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
      queueDeclare: async () => ({ queue: "coming", messageCount: ready.length }),
      queueBind: async () => {},
      queuePurge: async () => ({ messageCount: coming.splice(0).length }),
      queueDelete: async () => {},
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
  return { link: { open, blocked: () => undefined, close: async () => {} }, ready, coming };
}

const PLACE = { flow: "rabbitmq/orders", queue: "orders", deadLetterQueue: "orders.dlq" } as never;
const publisher = { send: async () => {}, close: async () => {} };
const partsOf = ({ link }: Queue) => ({
  link,
  publisher,
  deadLetterExchange: "dead",
  targets: [],
  unacknowledged: async () => 0,
  patience: 1000,
});

it("Dead letters of RabbitMQ come in batches of the size that was asked for, also after those that stay were given back", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const ids = Array.from({ length: 13 }, (_, at) => `m-${at}`);
  const letters = deadLettersOf(PLACE, { ...partsOf(await queueOf(ids)), hold: 1000 });
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

it("A take of RabbitMQ's counts what comes in, and neither what others give back nor what they take", async () => {
  const queue = await queueOf(["m-0", "m-1", "m-2", "m-3"]);
  const letters = deadLettersOf(PLACE, partsOf(queue));
  const counts: number[] = [];
  const count = async () => void counts.push((await letters.count()).messages);
  for await (const [letter] of letters.take(1)) {
    if (letter!.id !== "m-1") {
      await letters.settle([{ kind: "keep" }]);
      continue;
    }
    await count();
    const [taken] = queue.ready.splice(0, 1);
    await count();
    queue.ready.push(taken!, await delivered({ messageId: "given back" }));
    await count();
    queue.coming.push("a copy", "another");
    await count();
    await letters.settle([{ kind: "drop" }]);
    await count();
    break;
  }
  expect(counts).toEqual([4, 4, 4, 6, 5]);
});

describe("what others have in hand of RabbitMQ's dead letters", () => {
  const drop = async (letters: DeadLetters, onBatch: () => void = () => {}) => {
    const seen: string[] = [];
    for await (const batch of letters.take(2)) {
      seen.push(...batch.map(({ id }) => id));
      await letters.settle(batch.map(() => ({ kind: "drop" })));
      onBatch();
    }
    return { seen, missed: letters.missed!() };
  };

  it("is taken, too, when they give it back", async () => {
    const queue = await queueOf(["m-0"]);
    let held = 2;
    const letters = deadLettersOf(PLACE, { ...partsOf(queue), unacknowledged: async () => held });
    setTimeout(async () => {
      held = 0;
      queue.ready.push(await delivered({ messageId: "m-1" }), await delivered({ messageId: "m-2" }));
    }, 700);
    expect(await drop(letters)).toEqual({ seen: ["m-0", "m-1", "m-2"], missed: 0 });
  });

  it("is told where they keep it for long, be it taken before or meanwhile", async () => {
    const before = deadLettersOf(PLACE, { ...partsOf(await queueOf(["m-0"])), unacknowledged: async () => 200 });
    const queue = await queueOf(["m-0", "m-1", "m-2", "m-3"]);
    let held = 0;
    const meanwhile = deadLettersOf(PLACE, { ...partsOf(queue), unacknowledged: async () => held });
    const others = () => {
      held += queue.ready.splice(0).length;
    };
    expect(await Promise.all([drop(before), drop(meanwhile, others)])).toEqual([
      { seen: ["m-0"], missed: 200 },
      { seen: ["m-0", "m-1"], missed: 2 },
    ]);
  });

  it("is nothing where the figure was old", async () => {
    const figures = [5, 0];
    const letters = deadLettersOf(PLACE, {
      ...partsOf(await queueOf(["m-0"])),
      unacknowledged: async () => figures.shift()!,
    });
    expect(await drop(letters)).toEqual({ seen: ["m-0"], missed: 0 });
  });
});

it("A batch of RabbitMQ's dead letters whose queue takes some of it only tells which", async () => {
  const queue = await queueOf(["m-0", "m-1", "m-2"]);
  const answers: Record<string, Error> = {
    "m-1": Object.assign(new Error("nack"), { code: "NACK" }),
    "m-2": Object.assign(new Error("reset"), { code: "ECONNRESET" }),
  };
  const send = async ({ messageId }: { messageId: string }) => {
    if (answers[messageId]) throw answers[messageId];
  };
  const letters = deadLettersOf(PLACE, { ...partsOf(queue), publisher: { ...publisher, send: send as never } });
  const taking = letters.take(3);
  await taking.next();
  const redrive: Verdict = { kind: "redrive", headers: {} };
  await expect(letters.settle([redrive, redrive, redrive])).rejects.toMatchObject({
    fates: ["done", "open", "unsure"],
    cause: new RefusedError("orders.dlq: the broker did not take the message: its queue is full, or not available", {
      full: true,
    }),
  });
  await taking.return();
  expect(queue.ready).toHaveLength(2);
});
