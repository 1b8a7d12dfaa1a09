import { describe, expect, it } from "vitest";
import { hideAll, removeAll, sendAll, toBatches } from "../../../client/sqs/batches.ts";
import type { Entry } from "../../../client/sqs/envelope.ts";
import { envelope, fakeSqs, refusal } from "./fakeSqs.ts";

const entry = (body: string): Entry => ({ MessageBody: body, MessageGroupId: "g", MessageDeduplicationId: "d" });
const idsIn = (input: Record<string, unknown>) => (input.Entries as { Id: string }[]).map(({ Id }) => Id);

describe("batches", () => {
  it("have ten entries at most", () => {
    const sizes = toBatches(Array.from({ length: 23 }, () => entry("b"))).map((batch) => batch.length);
    expect(sizes).toEqual([10, 10, 3]);
  });

  it("are not too large, counting bytes and attributes", () => {
    const large = { ...entry("ü"), MessageAttributes: { a: { DataType: "String", StringValue: "12" } } };
    expect(toBatches([large, large, large], 22).map((batch) => batch.map(({ Id }) => Id))).toEqual([["0", "1"], ["2"]]);
  });

  it("of one have what is too large by itself", () => {
    expect(toBatches([entry("1"), entry("23456"), entry("7")], 4).map((batch) => batch.length)).toEqual([1, 1, 1]);
  });
});

describe("sending", () => {
  it("tries those again that failed by no fault of theirs, and tells of those that were refused", async () => {
    let round = 0;
    const { sqs, calls } = fakeSqs((_, input) => {
      if (++round > 1) return {};
      expect(idsIn(input)).toEqual(["0", "1", "2"]);
      return {
        Failed: [
          { Id: "0", SenderFault: false, Code: "InternalError", Message: "later" },
          { Id: "2", SenderFault: true, Code: "InvalidMessageContents", Message: "never" },
        ],
      };
    });
    const refused = await sendAll(sqs, "url", ["a", "b", "c"].map(entry));
    expect([...refused].map(([index, { message }]) => [index, message])).toEqual([[2, "SQS, url: never"]]);
    expect(calls.map(([, input]) => idsIn(input))).toEqual([["0", "1", "2"], ["0"]]);
  });
});

describe("a batch that is refused as it is too large", () => {
  it("is sent one by one, and only what is too large by itself is refused", async () => {
    const { sqs, calls } = fakeSqs((_, input) => {
      const entries = input.Entries as Entry[];
      const large = entries.some(({ MessageBody }) => MessageBody === "large");
      if (entries.length > 1 || large) throw refusal("AWS.SimpleQueueService.BatchRequestTooLong", "too long");
      return {};
    });
    const refused = await sendAll(sqs, "url", ["a", "large", "c"].map(entry));
    expect([...refused].map(([index, { message, tooLarge }]) => [index, message, tooLarge])).toEqual([
      [1, "SQS: too long", true],
    ]);
    expect(calls.map(([, input]) => idsIn(input))).toEqual([["0", "1", "2"], ["0"], ["1"], ["2"]]);
  });
});

describe("deleting", () => {
  it("renews a handle that is taken for expired, and deletes again", async () => {
    let expired = true;
    const { sqs, calls } = fakeSqs((name) => {
      if (name !== "DeleteMessageBatch" || !expired) return {};
      expired = false;
      return {
        Failed: [{ Id: "1", Code: "InvalidParameterValueException", Message: "The receipt handle has expired." }],
      };
    });
    await removeAll(sqs, "url", [envelope("a"), envelope("b", { receivedAt: Date.now() - 60_000 })]);
    expect(calls.map(([name, { Entries }]) => [name, Entries])).toEqual([
      [
        "DeleteMessageBatch",
        [
          { Id: "0", ReceiptHandle: "handle a" },
          { Id: "1", ReceiptHandle: "handle b" },
        ],
      ],
      [
        "ChangeMessageVisibilityBatch",
        [{ Id: "0", ReceiptHandle: "handle b", VisibilityTimeout: expect.closeTo(80, -1) }],
      ],
      ["DeleteMessageBatch", [{ Id: "0", ReceiptHandle: "handle b" }]],
    ]);
  });

  it("says where it did not", async () => {
    const { sqs } = fakeSqs((name) =>
      name === "DeleteMessageBatch" ? { Failed: [{ Id: "0", SenderFault: true, Code: "C", Message: "no" }] } : {},
    );
    await expect(removeAll(sqs, "url", [envelope("a")])).rejects.toThrow("SQS, url: no");
  });
});

describe("hiding", () => {
  it("asks for no more than twelve hours from the receive", async () => {
    const { sqs, calls } = fakeSqs();
    await hideAll(sqs, "url", [envelope("a", { receivedAt: Date.now() - 43_190_500 })], 60);
    expect(calls[0]![1].Entries).toEqual([{ Id: "0", ReceiptHandle: "handle a", VisibilityTimeout: 9 }]);
  });

  it("makes no call for nothing", async () => {
    const { sqs, calls } = fakeSqs();
    await hideAll(sqs, "url", [], 0);
    expect(calls).toEqual([]);
  });
});
