import { describe, expect, it } from "vitest";
import type { Headers } from "../../../client/headers.ts";
import { fromBody, toBody } from "../../../client/sqs/body.ts";
import { forwarded, toEntry, toEnvelope } from "../../../client/sqs/envelope.ts";
import { toId } from "../../../client/sqs/identity.ts";

const at = new Date("2026-01-02T03:04:05.678Z");
const headersOf = (entry: ReturnType<typeof toEntry>) =>
  JSON.parse(entry.MessageAttributes!["x-headers"]!.StringValue!);
const text = (value: string) => ({ DataType: "String", StringValue: value });
/** As SQS gives back what it was sent. */
const received = (entry: ReturnType<typeof toEntry>, receives = "1") =>
  toEnvelope({
    MessageId: "sqs-id",
    ReceiptHandle: "handle",
    Body: entry.MessageBody,
    MessageAttributes: entry.MessageAttributes,
    Attributes: { MessageGroupId: entry.MessageGroupId, ApproximateReceiveCount: receives, SentTimestamp: "1000" },
  });

describe("a message on its way to SQS", () => {
  it("has its id for deduplication, its key for a group, and its headers in one attribute", () => {
    expect(toEntry({ body: "text", key: "customer-1", headers: { tenant: "t" } }, "id-1", at)).toEqual({
      MessageBody: "text",
      MessageAttributes: {
        "x-headers": text('{"tenant":"t","x-message-id":"id-1","x-published-at":"2026-01-02T03:04:05.678Z"}'),
      },
      MessageGroupId: "customer-1",
      MessageDeduplicationId: "id-1",
    });
  });

  it("is a group of its own without a key, the same whenever it is published again", () => {
    const entry = toEntry({ body: "text" }, "id-1", at);
    expect(entry.MessageGroupId).toBe("id-1");
    expect(received(entry)).not.toHaveProperty("key");
  });

  it("keeps a key and an id that SQS does not take in its headers", () => {
    const entry = toEntry({ body: "text", key: "two words" }, "ä", at);
    expect([entry.MessageGroupId, entry.MessageDeduplicationId]).toEqual([toId("two words"), toId("ä")]);
    expect(received(entry)).toMatchObject({ id: "ä", key: "two words" });
  });

  it("has no header of the app's that would make its body another", () => {
    expect(() => toEntry({ body: "text", headers: { "x-body-encoding": "base64" } }, "id-1", at)).toThrow(
      "header x-body-encoding is the contract's on SQS: it tells how the body is encoded. Give yours another name",
    );
  });

  it("tells a key that is its id from none", () => {
    expect(received(toEntry({ body: "text", key: "same" }, "same", at))).toMatchObject({ key: "same" });
  });
});

describe("an id of SQS", () => {
  it("is the text itself where SQS takes it", () => {
    expect(["a", "~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}", "x".repeat(128)].map(toId)).toEqual([
      "a",
      "~!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}",
      "x".repeat(128),
    ]);
  });

  it("is a digest of what it does not take", () => {
    for (const bad of ["", "a b", "ü", "x".repeat(129), "a\n"]) expect(toId(bad)).toMatch(/^[0-9a-f]{64}$/);
    expect(toId("a b")).not.toBe(toId("a  b"));
  });
});

describe("a body", () => {
  it.each([["text"], ["\t\r\n \u{FFFD}\u{1F600}"], ["\u{7F}"]])("of text %j goes as it is", (body) => {
    expect(toBody(body)).toEqual({ text: body, encoding: {} });
    expect(toBody(Buffer.from(body))).toEqual({ text: body, encoding: {} });
  });

  it.each([
    ["\u0000", "AA=="],
    ["\uFFFF", "77+/"],
    [new Uint8Array([0xff, 0xfe]), "//4="],
  ])("that SQS does not take goes as base64, and comes back as it was: %j", (body, base64) => {
    const { text: sent, encoding } = toBody(body);
    expect([sent, encoding]).toEqual([base64, { "x-body-encoding": "base64" }]);
    expect(fromBody(sent, { a: "b", ...encoding })).toEqual({ body: Buffer.from(body as string), headers: { a: "b" } });
  });

  it("may be empty, though SQS takes no empty ones", () => {
    const { text: sent, encoding } = toBody("");
    expect(sent).not.toBe("");
    expect(fromBody(sent, encoding)).toEqual({ body: Buffer.alloc(0), headers: {} });
  });

  it("keeps a byte order mark", () => {
    expect(toBody(Buffer.from("\uFEFFa")).text).toBe("\uFEFFa");
  });
});

describe("a received message", () => {
  it("is told in the contract's words", () => {
    const { raw: _, receivedAt: __, ...told } = received(toEntry({ body: "text", key: "k" }, "id-1", at), "3");
    expect(told).toEqual({
      messageId: "sqs-id",
      receiptHandle: "handle",
      id: "id-1",
      group: "k",
      key: "k",
      headers: { "x-message-id": "id-1", "x-published-at": at.toISOString() },
      body: Buffer.from("text"),
      receives: 3,
      sentAt: new Date(1000),
      wasMoved: false,
    });
  });

  it("of a foreign producer has SQS's own id, and its group for a key", () => {
    const message = { MessageId: "m", ReceiptHandle: "h", Body: "b", Attributes: { MessageGroupId: "g" } };
    expect(toEnvelope(message)).toMatchObject({ id: "m", key: "g", headers: {} });
  });

  it("goes on with its body, its group, its id, its trace and its own attributes, under another deduplication id", () => {
    const entry = toEntry({ body: "\u0000", key: "k", headers: { tenant: "t" } }, "id-1", at);
    const envelope = received({ ...entry, MessageAttributes: { ...entry.MessageAttributes, color: text("red") } });
    envelope.raw.trace = "Root=1-5759e988-bd862e3fe1be46a994272793";
    const sent = forwarded(envelope, { "x-error": "e" }, "other", true);
    expect(sent).toMatchObject({
      MessageBody: "AA==",
      MessageGroupId: "k",
      MessageDeduplicationId: "other",
      MessageSystemAttributes: { AWSTraceHeader: text("Root=1-5759e988-bd862e3fe1be46a994272793") },
    });
    expect(sent.MessageAttributes!.color).toEqual(text("red"));
    // What identifies it is in the headers that it goes with.
    expect(headersOf(sent)).toEqual({
      tenant: "t",
      "x-body-encoding": "base64",
      "x-error": "e",
      "x-message-id": "id-1",
    });
    expect(received(sent)).toMatchObject({
      id: "id-1",
      body: Buffer.from([0]),
      headers: { tenant: "t", color: "red" },
    });
  });

  it("goes on as it came where it goes without headers of ours", () => {
    const envelope = received(toEntry({ body: "text", key: "k" }, "id-1", at));
    expect(forwarded(envelope, {}, "other", true).MessageAttributes).toBe(envelope.raw.attributes);
  });

  it.each<[string, Headers]>([
    ["x-redrive-count=2:m", { "x-redrive-count": "2" }],
    ["x-redrive-count=2:its-id:m-redriven", { "x-redrive-count": "2", "x-message-id": "its-id" }],
    ["x-redrive-count=0:its-id:m", { "x-message-id": "its-id" }],
    ["x-redrive-count=a:b", {}],
  ])("tells by its deduplication id what no header has room for: %s", (MessageDeduplicationId, headers) => {
    const told = toEnvelope({ MessageId: "n", Body: "b", Attributes: { MessageGroupId: "g", MessageDeduplicationId } });
    expect([told.id, told.headers]).toEqual([headers["x-message-id"] ?? "n", headers]);
  });
});
