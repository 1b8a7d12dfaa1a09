import { afterEach, describe, expect, it, vi } from "vitest";
import type { Verdict } from "../../../client/deadLetters.ts";
import { HEADERS } from "../../../client/headers.ts";
import { type NewRecord, rawOf, type StoredRecord } from "../../../client/kafka/records.ts";
import { notedIn, noteOf } from "../../../client/kafka/setAside.ts";
import { taking } from "../../../client/kafka/taking.ts";
import { ConnectionError, RefusedError, UntoldError } from "../../../client/message.ts";
import { topics } from "./fakeTopics.ts";
import { recordOf } from "./specs.ts";

const FLOW = "kafka/events/mailer";
const DEAD = "events.mailer.dlt";
const own = {
  flow: FLOW,
  topic: "events",
  groupId: "mailer",
  autoOffsetReset: "earliest" as const,
  deadLetterTopic: DEAD,
  redriveTopic: "events.mailer.retry.10",
};
const PUBLISHED = "2026-01-01T00:00:00.000Z";

const textOf = (rawHeaders: StoredRecord["rawHeaders"]) =>
  Object.fromEntries(rawHeaders.map(([name, value]) => [String(name), String(value)]));
/** A dead letter with these headers, in this order. */
const letterOf = (rawHeaders: StoredRecord["rawHeaders"], given: Partial<StoredRecord> = {}): StoredRecord =>
  recordOf({ key: null, value: null, rawHeaders, headers: textOf(rawHeaders), ...given });
/** The dead letter of a record that lies there, as a consumer of this flow notes it. */
function note(place: string, id = place, publishedAt = PUBLISHED): StoredRecord {
  const [topic, partition, offset] = place.split("/") as [string, string, string];
  const record = recordOf({ topic, partition: Number(partition), offset: BigInt(offset) });
  const headers = { [HEADERS.id]: id, [HEADERS.publishedAt]: publishedAt, [HEADERS.error]: "no" };
  return letterOf(noteOf(record, DEAD, FLOW, headers).rawHeaders);
}

describe("a dead letter that stands for a record", () => {
  it.each([
    ["of the work topic", "events/0/3"],
    ["of a retry topic of the group", "events.mailer.retry.10/0/3"],
  ])("names one %s", (_, place) => {
    const [topic] = place.split("/") as [string];
    expect(notedIn(note(place), own)).toEqual({ topic, partition: 0, offset: 3n });
  });

  it("names one of the topic that this one replaces", () => {
    expect(notedIn(note("events/0/3"), { groupId: "mailer" })?.topic).toBe("events");
  });

  const failed = { [HEADERS.id]: "i", [HEADERS.origin]: FLOW, [HEADERS.error]: "no" };
  const aside = (place = "events/0/3") => rawOf({ "x-set-aside": place });
  it.each([
    ["has a value", letterOf([...rawOf(failed), ...aside()], { value: Buffer.alloc(0) })],
    ["has a key", letterOf([...rawOf(failed), ...aside()], { key: Buffer.from("k") })],
    ["came as it was, without an origin", letterOf(aside())],
    ["is of another group", letterOf([...rawOf({ ...failed, [HEADERS.origin]: "kafka/events/audit" }), ...aside()])],
    ["names another topic", letterOf([...rawOf(failed), ...aside("salaries/0/3")])],
    ["names the retry topic of another group", letterOf([...rawOf(failed), ...aside("events.audit.retry.10/0/3")])],
    ["names no place", letterOf([...rawOf(failed), ...aside("events/0/-3")])],
  ])("is none that %s", (_, letter) => {
    expect(notedIn(letter, own)).toBeUndefined();
  });
});

describe("a redrive of records that were set aside", () => {
  afterEach(() => void vi.useRealTimers());
  const REDRIVE: Verdict = { kind: "redrive", headers: { [HEADERS.redriveId]: "r" } };

  /** Waits, by the fake clock where there is one. */
  async function passing(settled: Promise<unknown>): Promise<unknown> {
    let over = !vi.isFakeTimers();
    void settled.finally(() => {
      over = true;
    });
    while (!over) {
      vi.advanceTimersByTime(500);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return settled;
  }

  /** Redrives these dead letters: what was sent, what was refused or thrown, and what is left. */
  async function redriven(
    letters: StoredRecord[],
    { work = [], failing, refusing }: { work?: Partial<StoredRecord>[]; failing?: Error; refusing?: string } = {},
  ) {
    const given = { [DEAD]: letters, events: work };
    const { cluster, left } = topics(given, failing && { events: failing });
    const sent: NewRecord[] = [];
    const send = async (record: NewRecord) => {
      if (record.topic !== DEAD && String(record.value) === refusing) throw new RefusedError("Kafka refuses it");
      sent.push(record);
    };
    const holding = async () => ({ check: () => {}, removed: async () => {}, release: async () => {} });
    const take = taking({ cluster, producer: { send, idle: async () => {} }, own, all: [own], holding });
    let ended: unknown;
    for await (const batch of take.take(100)) {
      const settled = take.settle(batch.map(() => REDRIVE)).then(
        (refused) => refused,
        (error) => error,
      );
      ended = await passing(settled);
    }
    const back = sent.filter(({ topic }) => topic === own.redriveTopic);
    const again = sent.filter(({ topic }) => topic === DEAD);
    return {
      ended,
      ids: back.map(({ rawHeaders }) => textOf(rawHeaders)[HEADERS.id]),
      back: back.map(({ value, rawHeaders }) => [value && String(value), Object.keys(textOf(rawHeaders))]),
      kept: [...again, ...left(DEAD)].map(({ rawHeaders }) => textOf(rawHeaders)["x-set-aside"]),
    };
  }
  const usual = [HEADERS.redriveId, HEADERS.redriveGroup];
  const plain = () => recordOf({ value: Buffer.from("plain"), timestamp: Date.UTC(2026, 0, 1) });

  it("brings back the record that the note means", async () => {
    const work = [{ value: Buffer.from("other") }, { value: Buffer.from("large") }];
    expect(await redriven([note("events/0/1"), plain()], { work })).toMatchObject({
      ended: [],
      back: [
        ["large", [HEADERS.redriveId, HEADERS.id, HEADERS.publishedAt, HEADERS.redriveGroup]],
        ["plain", usual],
      ],
      kept: [],
    });
  });

  it.each([
    ["is not UTF-8", Buffer.from([0xff, 0xfe]), "base64://4="],
    ["no note has room for", Buffer.from("é".repeat(10_000)), "é".repeat(10_000)],
  ])("brings back the record whose id %s, with that id", async (_, id, told) => {
    const at = recordOf({
      partition: 0,
      offset: 0n,
      rawHeaders: [[Buffer.from(HEADERS.id), id]],
      headers: { [HEADERS.id]: told },
    });
    const least = letterOf(noteOf(at, DEAD, FLOW, {}).rawHeaders);
    expect(least.headers[HEADERS.id]).toBe([...told].slice(0, 36).join(""));
    const { ended, ids, kept } = await redriven([least], { work: [at] });
    expect({ ended, ids, kept }).toEqual({ ended: [], ids: [told], kept: [] });
  });

  it("lets a producer's own header go on, and reads nothing by it", async () => {
    const forged = letterOf([...rawOf({ "x-set-aside": "salaries/0/0" }), ...rawOf({ [HEADERS.origin]: FLOW })]);
    expect(await redriven([forged])).toMatchObject({ ended: [], back: [[null, ["x-set-aside", ...usual]]], kept: [] });
  });

  it.each([
    ["of a partition that is not there", note("events/99/0"), "events has no partition 99"],
    ["beyond the end", note("events/0/999"), "partition 0 of events has no record at offset 999 any more"],
    [
      "of which Kafka has no such offset",
      note(`events/0/${"9".repeat(30)}`),
      `partition 0 of events has no record at offset ${"9".repeat(30)} any more`,
    ],
    [
      "of another id, as of a producer's own header",
      note("events/0/0", "m-1"),
      "partition 0 of events has another record at offset 0",
    ],
    [
      "of another time, as the topic was deleted and created again",
      note("events/0/0", "events/0/0", "2025-01-01T00:00:00.000Z"),
      "partition 0 of events has another record at offset 0",
    ],
  ])("refuses the one %s alone, by name", async (_, letter, reason) => {
    expect(await redriven([letter, plain()], { work: [{}] })).toMatchObject({
      ended: [{ id: letter.headers[HEADERS.id], reason }],
      back: [["plain", usual]],
      kept: [letter.headers["x-set-aside"]],
    });
  });

  it.each([
    ["is refused", Object.assign(new RefusedError("Kafka refuses reading events"))],
    ["has no leader", new UntoldError("partition 0 of events has no leader")],
  ])("refuses those of a topic that %s alone", async (_, failing) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "Date"] });
    expect(await redriven([note("events/0/0"), plain()], { work: [{}], failing })).toMatchObject({
      ended: [{ id: "events/0/0", reason: failing.message }],
      back: [["plain", usual]],
      kept: ["events/0/0"],
    });
  });

  it("publishes nothing while Kafka does not answer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "Date"] });
    const { ended, ...rest } = await redriven([note("events/0/0"), plain()], {
      work: [{}],
      failing: new Error("connection closed"),
    });
    const cause = new ConnectionError("Kafka does not answer while reading events: connection closed");
    expect(ended).toMatchObject({ cause, fates: ["open", "open"] });
    expect(rest).toEqual({ ids: [], back: [], kept: ["events/0/0", undefined] });
  });

  it("removes what was published where another record of the batch fails, so that it does not go twice", async () => {
    const poison = recordOf({ value: Buffer.from("poison"), timestamp: Date.UTC(2026, 0, 1) });
    const { ended, back, kept } = await redriven([plain(), poison, plain()], { refusing: "poison" });
    expect(ended).toMatchObject({ fates: ["done", "open", "done"], cause: new RefusedError("Kafka refuses it") });
    expect(back.map(([value]) => value)).toEqual(["plain", "plain"]);
    expect(kept).toHaveLength(1);
  });
});
