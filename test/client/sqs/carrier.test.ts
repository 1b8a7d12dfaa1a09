import { describe, expect, it, vi } from "vitest";
import type { SqsSubscription } from "../../../client/access.ts";
import type { Refusals } from "../../../client/insist.ts";
import { ConnectionError, RefusedError } from "../../../client/message.ts";
import { carrierOf } from "../../../client/sqs/carrier.ts";
import { toRule } from "../../../client/sqs/client.ts";
import type { Hand } from "../../../client/sqs/hand.ts";
import { forLong } from "../forLong.ts";
import { envelope, fakeSqs, refusal } from "./fakeSqs.ts";

const subscription: SqsSubscription = {
  queueUrl: "work",
  visibilityTimeout: 7,
  waitTimeSeconds: 20,
  maxReceiveCount: 3,
  deadLetterQueueUrl: "dead",
};

/** A message in hand that notes what is done with it. */
function fakeHand(id: string, receives = 1) {
  const done: string[] = [];
  const hand: Hand = {
    envelope: envelope(id, { receives }),
    release: vi.fn(async (seconds: number) => void done.push(`release ${seconds}`)),
    remove: vi.fn(async () => void done.push("remove")),
    stop: () => void done.push("stop"),
  };
  return { hand, done };
}

function made(answer?: Parameters<typeof fakeSqs>[0], more: Partial<SqsSubscription> = {}) {
  const { sqs, calls } = fakeSqs(answer);
  const errors: string[] = [];
  const onError = ({ message }: Error) => void errors.push(message);
  const failed: string[] = [];
  // Refused for long, so that nothing waits.
  const refusals: Refusals = new Map(["dead", "delete", "hide", "work"].map((place) => [place, forLong()]));
  const carrier = carrierOf({
    sqs,
    subscription: { ...subscription, ...more },
    onError,
    insistence: { flow: "sqs/work", onError, refusals },
    fail: ({ name }) => void failed.push(name),
  });
  const sent = () =>
    calls.map(([, { QueueUrl, MessageDeduplicationId, MessageAttributes }]) => [
      QueueUrl,
      MessageDeduplicationId,
      JSON.parse((MessageAttributes as { "x-headers": { StringValue: string } })["x-headers"].StringValue),
    ]);
  return { carrier, calls, errors, failed, sent };
}

describe("what becomes of a delivery on SQS", () => {
  it("is that it is deleted when it is done", async () => {
    const { hand, done } = fakeHand("a");
    await made().carrier.carryOut(hand, { kind: "done" });
    expect(done).toEqual(["remove"]);
  });

  it("is that it comes back after its delay", async () => {
    const { hand, done } = fakeHand("a");
    await made().carrier.carryOut(hand, { kind: "retry", delay: 7000, headers: {} });
    expect(done).toEqual(["release 7"]);
  });

  it("is that it is deleted when the dead letters have it, under the id by which SQS would move it", async () => {
    const { carrier, sent } = made();
    const { hand, done } = fakeHand("a", 3);
    await carrier.carryOut(hand, { kind: "deadLetter", headers: { "x-error": "e" } });
    expect([sent(), done]).toEqual([[["dead", "a", { "x-error": "e", "x-message-id": "a" }]], ["remove"]]);
  });

  it("is that the dead letters get it when SQS answers again", async () => {
    let refusals = 1;
    const { carrier, errors, sent } = made(() => {
      if (refusals-- > 0) throw new ConnectionError("gone");
      return {};
    });
    const { hand, done } = fakeHand("a", 3);
    await carrier.carryOut(hand, { kind: "deadLetter", headers: { "x-error": "e" } });
    expect([sent().length, done, errors]).toEqual([2, ["remove"], []]);
  });

  const tooLong = () => refusal("InvalidParameterValue", "Reason: Message must be shorter than 262144 bytes.");
  const error = { "x-error": "e", "x-error-name": "E", "x-error-stack": "s" };

  it("is that its dead letter has less to tell where it would be too large", async () => {
    const { carrier, errors, sent } = made((_, { MessageAttributes }) => {
      if (JSON.stringify(MessageAttributes).includes("x-error-stack")) throw tooLong();
      return {};
    });
    const { hand, done } = fakeHand("a", 3);
    await carrier.carryOut(hand, { kind: "deadLetter", headers: error });
    expect([sent().at(-1)![2], done, errors]).toEqual([
      { "x-error": "e", "x-error-name": "E", "x-message-id": "a" },
      ["remove"],
      [],
    ]);
  });

  it("is that it ends as it came where nothing fits beside it, and its error is told", async () => {
    const { carrier, errors, calls } = made((_, { MessageAttributes }) => {
      if (Object.keys(MessageAttributes as object).length > 0) throw tooLong();
      return {};
    });
    const { hand, done } = fakeHand("a", 3);
    await carrier.carryOut(hand, { kind: "deadLetter", headers: error });
    expect([calls.at(-1)![1], done, errors]).toEqual([
      {
        QueueUrl: "dead",
        MessageBody: "body",
        MessageAttributes: {},
        MessageGroupId: "group",
        // What it is has no room in its headers.
        MessageDeduplicationId: "x-redrive-count=0:a:a",
      },
      ["remove"],
      ["SQS, dead: a is too large to hold its error beside it: E: e"],
    ]);
  });

  it("is left to SQS where it is too large for the dead letters even as it came", async () => {
    const { carrier, errors } = made(() => {
      throw tooLong();
    });
    const { hand, done } = fakeHand("a", 3);
    await carrier.carryOut(hand, { kind: "deadLetter", headers: error });
    expect([done, errors]).toEqual([["release 0"], ["SQS: Reason: Message must be shorter than 262144 bytes."]]);
  });

  it("is left to SQS where the dead letters refuse it", async () => {
    const { carrier, errors } = made(() => {
      throw refusal("AccessDenied", "not yours");
    });
    const { hand, done } = fakeHand("a", 3);
    await carrier.carryOut(hand, { kind: "deadLetter", headers: {} });
    expect(done).toEqual(["release 0"]);
    expect(errors.at(-1)).toMatch(/^sqs\/work: .* out of date: .*: SQS: not yours$/);
  });

  it("ends the consumer where neither the dead letters nor SQS took it, and gives it back", async () => {
    const { carrier, failed } = made(() => {
      throw refusal("AWS.SimpleQueueService.NonExistentQueue", "gone");
    });
    const { hand, done } = fakeHand("a", 4);
    await carrier.carryOut(hand, { kind: "deadLetter", headers: {} });
    expect([done, failed]).toEqual([["stop", "release 0"], ["OutdatedAccessError"]]);
  });

  it("is told where SQS refuses to hear of it", async () => {
    const { carrier, errors } = made();
    const { hand, done } = fakeHand("a");
    vi.mocked(hand.remove).mockRejectedValue(new RefusedError("no longer yours"));
    await carrier.carryOut(hand, { kind: "done" });
    expect([done, errors]).toEqual([["stop"], ["no longer yours"]]);
  });

  it("is left to SQS where it does not answer while the consumer stops", async () => {
    const { carrier, errors } = made();
    const { hand, done } = fakeHand("a");
    vi.mocked(hand.remove).mockRejectedValue(new ConnectionError("gone"));
    carrier.stopping();
    await carrier.carryOut(hand, { kind: "done" });
    expect([done, errors]).toEqual([["stop"], ["gone"]]);
  });
});

describe("a message of others", () => {
  it("goes back at once, and is held until the end where it comes again", async () => {
    const { carrier } = made();
    const [first, second] = [fakeHand("a", 1), fakeHand("a", 2)];
    await carrier.carryOut(first.hand, { kind: "giveBack" });
    await carrier.carryOut(second.hand, { kind: "giveBack" });
    expect([first.done, second.done]).toEqual([["release 0"], []]);
    await carrier.stop();
    expect(second.done).toEqual(["release 0"]);
  });

  it("is held where another receive would be its last", async () => {
    const { carrier } = made();
    const { hand, done } = fakeHand("a", 2);
    await carrier.carryOut(hand, { kind: "giveBack" });
    expect(done).toEqual([]);
    await carrier.stop();
    expect(done).toEqual(["release 0"]);
  });

  it("is sent again where SQS would move it to the dead letters", async () => {
    const { carrier, sent } = made(undefined, { maxReceiveCount: 1 });
    const { hand, done } = fakeHand("a");
    await carrier.carryOut(hand, { kind: "giveBack" });
    await carrier.stop();
    expect([sent(), done]).toEqual([[["work", "a-again", { "x-message-id": "a" }]], ["remove"]]);
  });
});

describe("a message that came while its consumer was stopped", () => {
  it("goes back at once, unless it would be a dead letter then", async () => {
    const { carrier } = made();
    const [first, last] = [fakeHand("a", 2), fakeHand("b", 3)];
    expect([await carrier.untouched(first.hand), await carrier.untouched(last.hand)]).toEqual([true, false]);
    expect([first.done, last.done]).toEqual([["release 0"], []]);
  });
});

describe("the rule of an SQS queue", () => {
  it("is its own count and visibility timeout", () => {
    expect(toRule(subscription)).toEqual({ maxAttempts: 3, delays: [7000] });
  });

  it("has no end where poison blocks", () => {
    const { maxReceiveCount: _, deadLetterQueueUrl: __, ...block } = subscription;
    expect(toRule(block)).toEqual({ maxAttempts: Number.POSITIVE_INFINITY, delays: [7000] });
  });
});
