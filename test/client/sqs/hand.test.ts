import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { hold } from "../../../client/sqs/hand.ts";
import { type Call, envelope, fakeSqs, refusal } from "./fakeSqs.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function held(answer?: (...call: Call) => unknown) {
  const { sqs, calls } = fakeSqs(answer);
  const onError = vi.fn();
  const hand = hold({ sqs, queueUrl: "url", envelope: envelope("a", { receivedAt: Date.now() }), hold: 10, onError });
  return { hand, onError, calls: () => calls.map(([name, { VisibilityTimeout }]) => [name, VisibilityTimeout]) };
}

describe("a message in hand", () => {
  it("is hidden again at half of its time, for as long as it is in hand", async () => {
    const { hand, calls } = held();
    await vi.advanceTimersByTimeAsync(14_000);
    expect(calls()).toEqual([
      ["ChangeMessageVisibility", 10],
      ["ChangeMessageVisibility", 10],
    ]);
    hand.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls()).toHaveLength(2);
  });

  it("comes back when it is released, whatever was asked for before", async () => {
    let answerBeat = () => {};
    const { hand, calls } = held((_, { VisibilityTimeout }) =>
      VisibilityTimeout === 10 ? new Promise<void>((resolve) => (answerBeat = resolve)) : {},
    );
    await vi.advanceTimersByTimeAsync(5_000);
    const released = hand.release(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(calls()).toEqual([["ChangeMessageVisibility", 10]]);
    answerBeat();
    await released;
    expect(calls().at(-1)).toEqual(["ChangeMessageVisibility", 1]);
  });

  it("tells where it could not be hidden, and tries no longer than until the next time", async () => {
    const { hand, onError, calls } = held(() => {
      throw Object.assign(new Error("gone"), { name: "Error" });
    });
    await vi.advanceTimersByTimeAsync(5_000);
    expect([onError.mock.calls.map(([error]) => error.message), calls().length]).toEqual([["SQS: gone"], 1]);
    hand.stop();
  });

  it("is deleted though its handle is taken for expired", async () => {
    let expired = true;
    const { hand, calls } = held((name) => {
      if (name === "ChangeMessageVisibility") expired = false;
      if (name === "DeleteMessage" && expired)
        throw refusal("InvalidParameterValue", "The receipt handle has expired.");
      return {};
    });
    await vi.advanceTimersByTimeAsync(4_000);
    await hand.remove();
    expect(calls()).toEqual([
      ["DeleteMessage", undefined],
      ["ChangeMessageVisibility", 14],
      ["DeleteMessage", undefined],
    ]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(calls()).toHaveLength(3);
  });
});
