import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { contractsOf, HEADERS, isContracts, redrivenHeaders } from "../../../client/headers.ts";
import { type Attributes, attributesOf } from "../../../client/sqs/attributes.ts";
import { type Entry, type Envelope, forwarded, toEntry, toEnvelope } from "../../../client/sqs/envelope.ts";
import { endedAt, redriven, toEnd } from "../../../client/sqs/kept.ts";

const text = (StringValue: string) => ({ DataType: "String", StringValue });
/** The id that SQS gives to the nth message. */
const idOf = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, "0")}`;
/** As SQS gives back what it was sent. */
const received = (entry: Partial<Entry>, n: number, system: Record<string, string> = {}): Envelope =>
  toEnvelope({
    MessageId: idOf(n),
    ReceiptHandle: "handle",
    Body: entry.MessageBody ?? "body",
    MessageAttributes: entry.MessageAttributes ?? {},
    Attributes: {
      MessageGroupId: "group",
      MessageDeduplicationId: entry.MessageDeduplicationId ?? "of its producer",
      SentTimestamp: "1000",
      ...system,
    },
  });
const sent = ({ headers, toEntry: to }: ReturnType<typeof toEnd>): Entry => to(headers);
/** Its attributes without the contract's headers, where they are in the map that this client writes: bytes as arrays. */
const own = (attributes: Attributes) => {
  const { "x-headers": holder, ...others } = attributes;
  const map = holder?.DataType === "String" ? ours(holder.StringValue!) : undefined;
  const plain = { ...others, ...(holder && { "x-headers": map ?? holder }) };
  return Object.fromEntries(
    Object.entries(plain)
      .map(([name, value]) => [name, "BinaryValue" in value ? [...value.BinaryValue!] : value] as const)
      .filter(([, value]) => JSON.stringify(value) !== "{}"),
  );
};
const ours = (json: string) => {
  const all = Object.entries(parsed(json) ?? {});
  if (all.length > 0 && all.some(([, value]) => typeof value !== "string")) return undefined;
  const map = Object.fromEntries(all as [string, string][]);
  if (attributesOf(map)["x-headers"]!.StringValue !== json) return undefined;
  return Object.fromEntries(Object.entries(map).filter(([name]) => !isContracts(name)));
};
const parsed = (json: string) => {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
};

const failure = { "x-origin": "sqs/work", "x-attempt": "3", "x-error": "e", "x-failures": "2026-01-02T00:00:00.000Z" };

/** A message that fails, is put to the end of the dead letters, goes back, and so again: as it comes back each time. */
function roundTrip(came: Envelope, error: Record<string, string> | null = failure) {
  let n = 10;
  const ids = new Set([came.id]);
  let back = came;
  const all: Envelope[] = [];
  for (let round = 1; round <= 3; round++) {
    const headers = error ? { ...contractsOf(back.headers), ...error } : {};
    const dead = received(forwarded(back, headers, back.messageId, true), n++);
    const end = received(sent(toEnd(dead, false)), n++);
    const again = received(sent(toEnd(end, false)), n++);
    back = received(sent(redriven(again, redrivenHeaders(again.headers, "run"))), n++);
    for (const { id } of [dead, end, again, back]) ids.add(id);
    expect(back.headers[HEADERS.redriveCount]).toBe(String(round));
    all.push(back);
  }
  expect([...ids]).toEqual([came.id]);
  return all;
}

/** A list in a list, and so on: deeper than JavaScript's stack. */
const deep = `${"[".repeat(20_000)}${"]".repeat(20_000)}`;
const names = fc.oneof(
  fc.constantFrom("x-kept", "x-attributes", "x-body-encoding", "k", "1", "__proto__", "x-headers"),
  fc.string(),
);
const values = fc.oneof(
  fc.constantFrom("[]", '[["evil","String","injected"]]', '[["x-headers","String","{}"]]', "2026-01-02T00:00:00.000Z"),
  fc.string({ unit: "binary" }),
);
const map = fc.dictionary(names, values);
const holders = fc.oneof(
  map.map((some) => attributesOf(some)["x-headers"]!),
  map.map((some) => text(JSON.stringify(some, null, 1))),
  fc.json().map(text),
  fc.string({ minLength: 1 }).map(text),
  fc.constantFrom(text(`{"a":${deep}}`), attributesOf({ "x-attributes": `[[${deep},"String","s"]]` })["x-headers"]!),
  fc.constantFrom('{ "k":"v", "k":"w", "1":"a"}', '{"k":"v","1":"a"}', '{"k":"v","k":"v"}').map(text),
  fc.string({ minLength: 1 }).map((StringValue) => ({ DataType: "String.json", StringValue })),
  fc.uint8Array({ minLength: 1 }).map((BinaryValue) => ({ DataType: "Binary", BinaryValue })),
);
const others = fc.dictionary(
  fc.oneof(fc.constantFrom("x-kept", "x-attributes", "__proto__"), fc.stringMatching(/^[a-z]{1,5}$/)),
  fc.oneof(
    fc.string({ minLength: 1 }).map(text),
    fc.integer().map((number) => ({ DataType: "Number", StringValue: String(number) })),
    fc.uint8Array({ minLength: 1 }).map((BinaryValue) => ({ DataType: "Binary.png", BinaryValue })),
  ),
  { maxKeys: 10, size: "max" },
);
const foreign = fc.tuple(others, fc.option(holders, { nil: undefined })).map(([some, holder]) => {
  const room = Object.entries(some).slice(0, holder ? 9 : 10);
  return { ...Object.fromEntries(room), ...(holder && { "x-headers": holder }) } as Attributes;
});

describe("a message on SQS", () => {
  it("is the same after dead letters, their ends and redrives, whatever its attributes are", () => {
    fc.assert(
      fc.property(foreign, (attributes) => {
        const came = received({ MessageAttributes: attributes }, 1);
        for (const back of roundTrip(came)) {
          expect(own(back.raw.attributes)).toEqual(own(attributes));
          expect([back.id, back.raw.body]).toEqual([came.id, "body"]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("is the same after them, whatever its app publishes as headers", () => {
    fc.assert(
      fc.property(map, (headers) => {
        const { "x-body-encoding": _, ...those } = headers;
        const came = received(toEntry({ body: "text", headers: those }, "ä", new Date(0)), 1);
        for (const back of roundTrip(came)) {
          const { "x-redrive-count": __, "x-redrive-id": ___, "x-origin": ____, ...told } = back.headers;
          expect([told, back.body.toString()]).toEqual([came.headers, "text"]);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("keeps its id and its count where it is too large for any header of ours", () => {
    const [, , back] = roundTrip(received({ MessageAttributes: { "x-headers": text("no map") } }, 1), null);
    expect(back!.id).toBe(idOf(1));
    const dead = forwarded(back!, {}, back!.messageId, true);
    expect([dead.MessageAttributes, dead.MessageDeduplicationId]).toEqual([
      { "x-headers": text("no map") },
      `x-redrive-count=3:${idOf(1)}:${back!.messageId}`,
    ]);
  });
});

describe("a dead letter at the end of its queue", () => {
  const letter = (more: Partial<Entry>, system?: Record<string, string>) => received(more, 2, system);
  const ended = new Date("2026-01-02T00:00:00.000Z");

  it("is as it was, and its deduplication id tells when it ended", () => {
    const attributes = { "x-kept": text("mine") };
    const entry = sent(toEnd(letter({ MessageAttributes: attributes }, { SentTimestamp: String(+ended) }), false));
    expect(entry).toMatchObject({
      MessageAttributes: attributes,
      MessageDeduplicationId: `x-redrive-count=0:${idOf(2)}:${idOf(2)}-kept-${+ended}`,
    });
    expect(endedAt(received(entry, 3), false)).toEqual(ended);
    const moved = letter({}, { DeadLetterQueueSourceArn: "arn" });
    expect(endedAt(received(sent(toEnd(moved, true)), 3), true)).toBeUndefined();
  });

  it.each([
    [ended.toISOString(), ended],
    [`take ${ended.toISOString()}`, ended],
    ["unknown", undefined],
  ])("is read as an earlier version put it there: %s", (kept, at) => {
    const MessageAttributes = attributesOf({ tenant: "t", "x-message-id": "m", "x-kept": kept });
    const told = letter({ MessageAttributes, MessageDeduplicationId: `${idOf(1)}-kept` });
    expect([told.headers, endedAt(told, false)]).toEqual([{ tenant: "t", "x-message-id": "m" }, at]);
    const { MessageAttributes: back } = sent(redriven(told, redrivenHeaders(told.headers, "run")));
    expect(back).toEqual(
      attributesOf({ tenant: "t", "x-message-id": "m", "x-redrive-count": "1", "x-redrive-id": "run" }),
    );
  });
});
