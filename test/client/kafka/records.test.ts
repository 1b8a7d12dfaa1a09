import { describe, expect, it } from "vitest";
import { HEADERS } from "../../../client/headers.ts";
import { dueAt, rawOf, recordsOf, toDelivery, toRecord, withContracts } from "../../../client/kafka/records.ts";
import { recordOf } from "./specs.ts";

const batch = (firstOffset: bigint, deltas: number[], more: object = {}) => ({
  firstOffset,
  lastOffsetDelta: Math.max(...deltas),
  attributes: 0,
  firstTimestamp: 1000n,
  records: deltas.map((offsetDelta) => ({
    offsetDelta,
    timestampDelta: BigInt(offsetDelta),
    key: Buffer.from("k"),
    value: Buffer.from(`v${offsetDelta}`),
    headers: [],
  })),
  ...more,
});

const fetched = (batches: object[], from: bigint) =>
  recordsOf("t", { partitionIndex: 4, records: batches } as never, from);

describe("what a fetch brought", () => {
  it("begins where it was asked for, though a broker answers with whole batches", () => {
    const { records, next } = fetched([batch(5n, [0, 1, 2])], 6n);
    expect(records.map(({ offset, partition, timestamp }) => [offset, partition, timestamp])).toEqual([
      [6n, 4, 1001],
      [7n, 4, 1002],
    ]);
    expect(next).toBe(8n);
  });

  it("is read on after what compaction took out of a batch", () => {
    expect(fetched([batch(0n, [0, 2], { lastOffsetDelta: 9 })], 0n)).toMatchObject({
      records: [{ offset: 0n }, { offset: 2n }],
      next: 10n,
    });
  });

  it("has no markers of transactions in it, and passes over them", () => {
    expect(fetched([batch(3n, [0], { attributes: 0b11_0000 })], 3n)).toEqual({ records: [], next: 4n });
  });

  it("moves nothing where there is nothing", () => {
    expect(fetched([], 5n)).toEqual({ records: [], next: 5n });
  });

  it("has headers as they are, and as text: the last one of those of a name, and base64 of what is none", () => {
    const headers = [
      [Buffer.from("a"), Buffer.from("1")],
      [Buffer.from("a"), Buffer.from("2")],
      [Buffer.from("none"), null],
      [Buffer.from([0xfe]), Buffer.from([0, 0xff])],
    ];
    const one = batch(0n, [0]);
    Object.assign(one.records[0]!, { headers });
    const [record] = fetched([one], 0n).records;
    expect(record!.rawHeaders).toEqual(headers);
    expect(record!.headers).toEqual({ a: "2", none: "", "base64:/g==": "base64:AP8=" });
  });

  it("is dated by its producer, or by the broker where the topic says so", () => {
    const dated = (attributes: number) => {
      const { records } = fetched([batch(0n, [0, 1], { attributes, maxTimestamp: 5000n })], 0n);
      return records.map(({ timestamp }) => timestamp);
    };
    expect([dated(0), dated(0b1000)]).toEqual([
      [1000, 1001],
      [5000, 5000],
    ]);
  });

  it("says how its batch was compressed", () => {
    const codecs = [0, 1, 2, 3, 4].map((attributes) => fetched([batch(0n, [0], { attributes })], 0n).records[0]!.codec);
    expect(codecs).toEqual(["none", "gzip", "snappy", "lz4", "zstd"]);
  });
});

describe("the headers of a record that goes on", () => {
  it("are its own as they came, in order and as often, and the contract's that are given in place of those it had", () => {
    const own = [
      [Buffer.from("tag"), Buffer.from("a")],
      [Buffer.from([0xff]), Buffer.from([0, 0xff])],
      [Buffer.from("tag"), Buffer.from("b")],
      [Buffer.from("none"), null],
      [Buffer.from("x-trace"), Buffer.alloc(0)],
      // The contract's on RabbitMQ alone.
      [Buffer.from("x-expiration"), Buffer.from([0xff])],
      [Buffer.from("x-expiration"), null],
    ] as const;
    const before = [...own, ...rawOf({ [HEADERS.attempt]: "1", [HEADERS.error]: "no" })];
    expect(withContracts(before, { [HEADERS.attempt]: "2" })).toEqual([...own, ...rawOf({ [HEADERS.attempt]: "2" })]);
  });
});

describe("a message as a record", () => {
  it("carries its identity and time beside the app's own headers", () => {
    const at = new Date("2026-01-02T03:04:05.678Z");
    const { id, record } = toRecord("t", { body: "é", key: "k", headers: { own: "1" }, id: "i" }, at);
    expect(id).toBe("i");
    expect(record).toEqual({
      topic: "t",
      key: Buffer.from("k"),
      value: Buffer.from("é"),
      rawHeaders: rawOf({ own: "1", [HEADERS.id]: "i", [HEADERS.publishedAt]: "2026-01-02T03:04:05.678Z" }),
    });
  });

  it("has no key where none is given, and an identity of its own each time", () => {
    const [one, other] = [1, 2].map(() => toRecord("t", { body: "" }, new Date()));
    expect(one!.record.key).toBeNull();
    expect(one!.id).not.toBe(other!.id);
  });
});

describe("a record as a delivery", () => {
  it("counts from the attempt that its header says", () => {
    const headers = { [HEADERS.attempt]: "3", [HEADERS.id]: "i" };
    expect(toDelivery(recordOf({ headers, key: Buffer.from("k") }), "kafka/events/mailer")).toMatchObject({
      id: "i",
      key: "k",
      attempt: 3,
      flow: "kafka/events/mailer",
      body: Buffer.from("body"),
    });
  });

  it("is named by its place and time where its producer did not, so that a retry keeps both", () => {
    const delivery = toDelivery(recordOf(), "f");
    expect(delivery.id).toBe("events/2/7");
    expect(delivery.headers).toEqual({
      [HEADERS.id]: "events/2/7",
      [HEADERS.publishedAt]: "2026-01-01T00:00:00.000Z",
    });
    expect(delivery.attempt).toBe(1);
    expect("key" in delivery).toBe(false);
  });

  it.each([-9_000_000_000_000_000, 1_795_864_888_158_000, 1_795_864_888_158_000_000])(
    "has no time where its own is no date: %d",
    (timestamp) => {
      expect(toDelivery(recordOf({ timestamp }), "f").headers).toEqual({ [HEADERS.id]: "events/2/7" });
      const noted = { [HEADERS.id]: "i", [HEADERS.publishedAt]: "2026-01-01T00:00:00.000Z" };
      expect(toDelivery(recordOf({ timestamp, headers: noted }), "f").headers).toEqual(noted);
    },
  );

  it("has its key as text, and a key that is none as base64", () => {
    const keys = [
      [0xff, 0],
      [0x61, 0],
    ].map((bytes) => toDelivery(recordOf({ key: Buffer.from(bytes) }), "f").key);
    expect(keys).toEqual(["base64:/wA=", "a\0"]);
  });

  it("has an empty body for a tombstone", () => {
    expect(toDelivery(recordOf({ value: null }), "f").body).toEqual(Buffer.alloc(0));
  });
});

describe("when a record may be handled", () => {
  it("is the time that its header says, and at once without one that can be read", () => {
    const due = (time?: string) =>
      dueAt(recordOf({ headers: time === undefined ? {} : { [HEADERS.notBefore]: time } }), 1000);
    expect([due("1970-01-01T00:00:05.000Z"), due(), due("soon")]).toEqual([5000, 0, 0]);
  });

  it("is no later than the longest delay after it was written, but for clocks that differ", () => {
    const never = recordOf({ headers: { [HEADERS.notBefore]: "9999-12-31T23:59:59.000Z" } });
    expect(dueAt(never, 1000)).toBe(never.timestamp + 61_000);
  });
});
