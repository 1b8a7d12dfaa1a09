import { describe, expect, it } from "vitest";
import { ConnectionError, OutdatedAccessError, RefusedError } from "../../../client/message.ts";
import { handsOf } from "../../../client/redis/hands.ts";
import { retrySchedule } from "../../../client/redis/retrySchedule.ts";
import type { Reply, Server, Words } from "../../../client/redis/server.ts";
import { settle } from "../../../client/redis/settle.ts";
import { forLong } from "../forLong.ts";

const claimed = {
  entry: { id: "5-1", fields: [[Buffer.from("body"), Buffer.from("b")] as [Buffer, Buffer]] },
  attempt: 2,
};

/** Settling on a server that answers each command with the next of `answers`, and then takes everything. */
function fixture(...answers: (Error | Reply | undefined)[]) {
  const sent: string[] = [];
  const errors: string[] = [];
  const stop = new AbortController();
  const hands = handsOf(1);
  hands.take("5-1", 0);
  const server = {
    name: "redis h:1 as u",
    ask: async (words: Words) => {
      sent.push(words.join(" "));
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return answer ?? 1;
    },
  } as unknown as Server;
  const settling = {
    of: { server, stream: "s", group: "g" },
    deadLetterStream: "s.g.dlq",
    hands,
    schedule: retrySchedule([]),
    insistence: {
      flow: "redis/i/s/g",
      stopping: stop.signal,
      refusals: new Map(),
      onError: ({ message }: Error) => {
        errors.push(message);
        if (message === "for good") stop.abort();
      },
    },
  };
  return { sent, errors, hands, settling };
}

describe("an outcome on Redis", () => {
  it("of a message that is done is an acknowledgement", async () => {
    const { sent, settling } = fixture();
    expect(await settle(settling, claimed, { kind: "done" })).toBe(true);
    expect(sent).toEqual(["XACK s g 5-1"]);
  });

  it("is told where the entry is not in the stream any more, so that it cannot come again", async () => {
    const { errors, settling } = fixture([]);
    await settle(settling, claimed, { kind: "retry", delay: 1000, headers: {} });
    expect(errors).toEqual([
      "redis h:1 as u: entry 5-1 does not come again: it was removed from stream s before group g acknowledged it, or another instance has acknowledged it",
    ]);
  });

  it("of a failure is a wait that counts no delivery, and is planned", async () => {
    const { sent, settling } = fixture();
    expect(await settle(settling, claimed, { kind: "retry", delay: 1000, headers: {} })).toBe(false);
    expect(sent).toEqual(["XCLAIM s g messaging.retry.1000 0 5-1 IDLE 0 JUSTID"]);
    expect(settling.schedule.shortest()).toBe(1000);
  });

  it("that gives a message back leaves its deliveries as they were", async () => {
    const { sent, settling } = fixture();
    expect(await settle(settling, claimed, { kind: "giveBack" })).toBe(false);
    expect(sent).toEqual(["XCLAIM s g messaging.retry.0 0 5-1 IDLE 0 RETRYCOUNT 1 JUSTID"]);
  });

  it("of the last failure is a dead letter, and an acknowledgement after it", async () => {
    const { sent, settling } = fixture();
    expect(await settle(settling, claimed, { kind: "deadLetter", headers: { "x-error": "e" } })).toBe(true);
    expect(sent).toEqual(["XADD s.g.dlq * body b x-error e", "XACK s g 5-1"]);
  });

  it("that is refused is told again and acknowledges nothing before, in nobody's way", async () => {
    const full = new RefusedError("full", { full: true });
    const { sent, errors, hands, settling } = fixture(new ConnectionError("gone"), full);
    const before = hands.free();
    expect(await settle(settling, claimed, { kind: "deadLetter", headers: {} })).toBe(true);
    expect([before, hands.free(), errors]).toEqual([0, 1, ["gone", "full"]]);
    expect(sent).toEqual([...Array(3).fill("XADD s.g.dlq * body b"), "XACK s g 5-1"]);
  });

  it("that is too large is shortened, and waits on its own where even the message alone is too large", async () => {
    const tooLarge = () => new RefusedError("ERR too large", { tooLarge: true });
    const outcome = { kind: "deadLetter", headers: { "x-message-id": "i", "x-error-stack": "s" } } as const;
    const shorter = fixture(tooLarge());
    expect(await settle(shorter.settling, claimed, outcome)).toBe(true);
    expect(shorter.sent).toEqual([
      "XADD s.g.dlq * body b x-message-id i x-error-stack s",
      "XADD s.g.dlq * body b x-message-id i",
      "XACK s g 5-1",
    ]);
    const alone = fixture(...Array(5).fill(tooLarge()));
    expect(await settle(alone.settling, claimed, outcome)).toBe(false);
    expect(alone.sent.slice(-2)).toEqual([
      "XADD s.g.dlq * body b",
      "XCLAIM s g messaging.retry.600000 0 5-1 IDLE 0 RETRYCOUNT 1 JUSTID",
    ]);
    expect(alone.errors.at(-1)).toBe(
      "redis/i/s/g: entry 5-1 is too large for the dead letters, and comes again in 10 min: ERR too large",
    );
  });

  it("that is refused for long ends the consumer, and acknowledges nothing", async () => {
    const { sent, settling } = fixture(new RefusedError("NOPERM"));
    settling.insistence.refusals.set("XADD", forLong());
    await expect(settle(settling, claimed, { kind: "deadLetter", headers: {} })).rejects.toThrow(OutdatedAccessError);
    expect(sent).toEqual(["XADD s.g.dlq * body b"]);
  });

  it("that is given up acknowledges nothing", async () => {
    const { sent, settling } = fixture(new ConnectionError("gone"), new ConnectionError("for good"));
    expect(await settle(settling, claimed, { kind: "deadLetter", headers: {} })).toBe(false);
    expect(sent).toEqual(Array(2).fill("XADD s.g.dlq * body b"));
  });
});
