import { describe, expect, it } from "vitest";
import type { Offsets } from "../../client/kafka/offsets.ts";
import { readerOf, toHolding } from "../../live/kafkaHolding.ts";

const at = (...offsets: number[]): Offsets => new Map(offsets.map((offset, index) => [index, BigInt(offset)]));

describe("the group that a retry topic is of", () => {
  it.each([
    ["events.mailer.retry.1000", ["mailer", "other"], "mailer"],
    ["events.a.b.retry.1000", ["a.b"], "a.b"],
    ["events.mailer.retry.1000", ["other"], undefined],
    ["events", ["mailer"], undefined],
    ["events.mailer.dlt", ["mailer"], undefined],
    ["mailer.retry.soon", ["mailer"], undefined],
  ])("of %s, where %j have positions, is %s", (topic, groups, reader) => {
    expect(readerOf(topic, new Map(groups.map((group) => [group, at(1)])))).toBe(reader);
  });

  it("is the one that is further behind where names do not tell", () => {
    const groups = new Map([
      ["b", at(9, 9)],
      ["a.b", at(9, 2)],
    ]);
    expect(readerOf("events.a.b.retry.1000", groups)).toBe("a.b");
    expect(readerOf("events.a.b.retry.1000", new Map([...groups].reverse()))).toBe("a.b");
  });
});

describe("what a topic holds", () => {
  it("has no time of records whose producer gave them one that is no date", () => {
    expect(toHolding({ messages: 2, lags: [], oldest: -9e15, lastWrite: 1_000 })).toEqual({
      ...{ messages: 2, waiting: 2, unit: "record", detail: "read by no group" },
      lastWrite: new Date(1_000),
    });
  });

  it("is told with the group that is furthest behind", () => {
    const lags = [
      { group: "a", lag: 2 },
      { group: "b", lag: 12 },
      { group: "c", lag: 0 },
    ];
    expect(toHolding({ messages: 120, lags })).toEqual({
      messages: 120,
      waiting: 12,
      unit: "record",
      detail: "12 not read by b",
    });
  });

  it("waits for nobody where every group has read it", () => {
    const one = [{ group: "a", lag: 0 }];
    expect(toHolding({ messages: 7, lags: one })).toMatchObject({ waiting: 0, detail: "all read by a" });
    const two = [...one, { group: "b", lag: 0 }];
    expect(toHolding({ messages: 7, lags: two })).toMatchObject({ waiting: 0, detail: "all read by 2 groups" });
  });

  it("waits, all of it, where no group has read of it", () => {
    expect(toHolding({ messages: 7, lags: [] })).toMatchObject({ waiting: 7, detail: "read by no group" });
  });

  it("has times where there is anything", () => {
    const times = { oldest: 1_000, lastWrite: 2_000 };
    expect(toHolding({ messages: 1, lags: [], what: "dead letters", ...times })).toEqual({
      messages: 1,
      waiting: 1,
      unit: "record",
      detail: "dead letters",
      oldest: new Date(1_000),
      lastWrite: new Date(2_000),
    });
    expect(Object.keys(toHolding({ messages: 0, lags: [], ...times }))).toEqual([
      "messages",
      "waiting",
      "unit",
      "detail",
    ]);
  });
});
