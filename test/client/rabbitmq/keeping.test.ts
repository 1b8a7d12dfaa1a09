import type { Channel } from "rabbitmq-client";
import { afterEach, describe, expect, it, vi } from "vitest";
import { tableOf, textHeader } from "../../../client/rabbitmq/content.ts";
import { keeping } from "../../../client/rabbitmq/keeping.ts";
import { messageOf, messageWith } from "./message.ts";

afterEach(() => vi.useRealTimers());

describe("what a run over dead letters leaves there", () => {
  const given: unknown[] = [];
  const channel = { basicNack: (how: unknown) => void given.push(how) } as unknown as Channel;

  it("is held for a while, then given back in order, and known when it comes again", () => {
    vi.useFakeTimers();
    const kept = keeping(1000);
    kept.keep(messageOf({ messageId: "a", deliveryTag: 4 }));
    vi.advanceTimersByTime(600);
    kept.keep(messageOf({ messageId: "b", deliveryTag: 5 }));
    expect([kept.renew(channel), kept.held, kept.expected, given]).toEqual([0, 2, 0, []]);
    vi.advanceTimersByTime(400);
    expect([kept.renew(channel), kept.held, kept.expected]).toEqual([2, 0, 2]);
    expect(given).toEqual([4, 5].map((deliveryTag) => ({ deliveryTag, requeue: true })));
    const back = ["c", "b", "b", "a"].map((messageId) => kept.isBack(messageOf({ messageId })));
    expect([back, kept.held, kept.expected]).toEqual([[false, true, false, true], 2, 0]);
    expect(kept.renew(channel)).toBe(0);
  });

  it("is known by all that it is, as some have no identity, but for what the broker counts", () => {
    vi.useFakeTimers();
    const kept = keeping(0);
    const [mine, counted] = [textHeader("a", "1"), textHeader("x-delivery-count", "1")];
    const plain = messageWith(tableOf([mine]));
    kept.keep(plain);
    kept.keep(plain);
    kept.renew(channel);
    expect(kept.isBack({ ...plain, body: Buffer.from("other") })).toBe(false);
    expect(kept.isBack(messageWith(tableOf([textHeader("a", "2")])))).toBe(false);
    expect(kept.isBack(messageWith(tableOf([mine, counted])))).toBe(true);
    expect([kept.isBack(plain), kept.isBack(plain)]).toEqual([true, false]);
    kept.keep(messageOf());
    kept.renew(channel);
    expect(kept.isBack(messageWith(tableOf([counted])))).toBe(true);
  });
});
