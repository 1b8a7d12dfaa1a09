import { describe, expect, it } from "vitest";
import { HEADERS, type Headers } from "../../../client/headers.ts";
import { again, byTime, endedAt, redriven, targetOf, toDeadLetter } from "../../../client/kafka/letters.ts";
import { operate } from "../../../client/kafka/operator.ts";
import { rawOf } from "../../../client/kafka/records.ts";
import { begin } from "../../../client/kafka/remaining.ts";
import { unread } from "../../../client/kafka/state.ts";
import { accessOf, recordOf } from "./specs.ts";

const failures = "2026-01-01T00:00:01.000Z,2026-01-01T00:00:02.000Z";

describe("a dead letter", () => {
  it("ended when it failed last, or was written", () => {
    expect(endedAt(recordOf({ headers: { [HEADERS.failures]: failures } }))).toEqual(new Date(failures.split(",")[1]!));
    expect(endedAt(recordOf())).toEqual(new Date(Date.UTC(2026, 0, 1)));
  });

  it("ended when another framework says that it failed", () => {
    const headers = {
      "NServiceBus.ExceptionInfo.Message": "no",
      "NServiceBus.TimeOfFailure": "2026-01-31 12:30:00:123456 Z",
    };
    expect(endedAt(recordOf({ headers }))).toEqual(new Date(Date.UTC(2026, 0, 31, 12, 30, 0, 123)));
  });

  it.each(["__connect.errors.exception.message", "__connect.errors.topic", "__streams.errors.exception"])(
    "ended at an unknown time with %s, as its record has the time of the one that failed, and stands by that",
    (name) => {
      const record = recordOf({ headers: { [name]: "no" } });
      expect(toDeadLetter(record)).not.toHaveProperty("at");
      expect(byTime(record)).toBe(Date.UTC(2026, 0, 1));
    },
  );

  it("ended when it failed again after a redrive, whoever wrote it first", () => {
    const headers = { "__connect.errors.topic": "t", [HEADERS.error]: "no", [HEADERS.failures]: failures };
    const record = recordOf({ headers });
    expect([toDeadLetter(record).at, byTime(record)]).toEqual([
      new Date("2026-01-01T00:00:02.000Z"),
      Date.UTC(2026, 0, 1, 0, 0, 2),
    ]);
  });

  it("is shown with its key, place and headers", () => {
    const record = recordOf({ key: Buffer.from("k"), headers: { [HEADERS.id]: "i", own: "1" } });
    expect(toDeadLetter(record)).toEqual({
      id: "i",
      key: "k",
      headers: { [HEADERS.id]: "i", own: "1" },
      body: Buffer.from("body"),
      at: new Date(Date.UTC(2026, 0, 1)),
      position: "partition 2 offset 7",
    });
  });

  it("ended when it failed where its own time is no date, and at an unknown time without that", () => {
    const told: Headers[] = [{ [HEADERS.failures]: failures }, {}];
    const at = told.map((headers) => toDeadLetter(recordOf({ timestamp: 1_795_864_888_158_000_000, headers })).at);
    expect(at).toEqual([new Date(Date.UTC(2026, 0, 1, 0, 0, 2)), undefined]);
  });

  it("goes back to its own group alone, at once, in its partition", () => {
    const contracts = { [HEADERS.redriveId]: "r", [HEADERS.notBefore]: "x" };
    const target = { topic: "events.mailer.retry.1000", groupId: "mailer" };
    const own = [
      [Buffer.from("tag"), Buffer.from([0xff])],
      [Buffer.from("tag"), null],
    ] as const;
    const rawHeaders = [...own, ...rawOf({ [HEADERS.error]: "no" })];
    expect(redriven(recordOf({ key: Buffer.from([1]), rawHeaders, codec: "lz4" }), contracts, target, true)).toEqual({
      topic: "events.mailer.retry.1000",
      partition: 2,
      key: Buffer.from([1]),
      value: Buffer.from("body"),
      rawHeaders: [...own, ...rawOf({ [HEADERS.redriveId]: "r", [HEADERS.redriveGroup]: "mailer" })],
      codec: "lz4",
    });
  });

  it("goes to another flow by its key, for that flow's group", () => {
    const contracts = { [HEADERS.redriveGroup]: "mailer" };
    const record = redriven(recordOf(), contracts, { topic: "other", groupId: "audit" }, false);
    expect(record.partition).toBeUndefined();
    expect(record.rawHeaders).toEqual(rawOf({ [HEADERS.redriveGroup]: "audit" }));
  });

  it("is written again as it is, its time too", () => {
    const record = recordOf({ headers: { own: "1" } });
    const { offset: _, headers: __, ...same } = record;
    expect(again(record)).toEqual(same);
  });

  it("goes nowhere that the environment does not have", () => {
    const flow = { flow: "kafka/t/g", topic: "t", groupId: "g", deadLetterTopic: "t.g.dlt", redriveTopic: "t" };
    const all = [{ ...flow, autoOffsetReset: "earliest" as const }];
    expect(targetOf(all, "kafka/t/g")).toEqual({ topic: "t", groupId: "g" });
    expect(() => targetOf(all, "kafka/t/h")).toThrow("to: must be a flow such as kafka/t/g, got kafka/t/h");
  });
});

describe("a redrive to a topic that other groups read, too", () => {
  const flowOf = (topic: string, groupId: string, redriveTopic: string) => ({
    ...{ flow: `kafka/${topic}/${groupId}`, topic, groupId, redriveTopic },
    autoOffsetReset: "earliest" as const,
    deadLetterTopic: `${topic}.${groupId}.dlt`,
  });
  const operator = operate({
    ...accessOf(),
    deadLetters: [
      flowOf("plain", "bill", "plain"),
      flowOf("plain", "ord", "plain.ord.retry.10"),
      flowOf("plain", "log", "plain"),
      flowOf("alone", "bill", "alone"),
    ],
  });

  it("names them, and none where nobody else reads it", async () => {
    expect(operator.deadLetters().map((letters) => letters.redriveNote?.(letters.flow))).toMatchInlineSnapshot(`
      [
        "what is redriven goes to topic plain, which groups ord, log read too: consumers that keep the contract skip it (x-redrive-group), others handle it again",
        undefined,
        "what is redriven goes to topic plain, which groups bill, ord read too: consumers that keep the contract skip it (x-redrive-group), others handle it again",
        undefined,
      ]
    `);
    await operator.close();
  });
});

describe("where a dead-letter topic begins", () => {
  it.each([
    ["at its beginning without a position", undefined, 10n],
    ["at the position, where a crash brought back what was deleted", 15n, 15n],
    ["at its beginning, where all before was deleted", 5n, 10n],
    ["at its end, where all was removed", 20n, 20n],
    ["at its beginning, where the position is of a log that is no more", 21n, 10n],
  ])("is %s", (_, position, expected) => {
    expect(begin({ from: 10n, to: 20n }, position)).toBe(expected);
  });
});

describe("what a group has not read", () => {
  const held = (...ends: [bigint, bigint][]) =>
    ends.map(([from, to], partition) => ({ topic: "t", partition, from, to }));
  const positions = (...offsets: bigint[]) => new Map(offsets.map((offset, partition) => [partition, offset]));
  const shown = (...args: Parameters<typeof unread>) =>
    unread(...args).map(({ partition, from, to }) => `${partition}: ${from} to ${to}`);

  it("lies between its positions and the ends", () => {
    expect(shown(held([0n, 10n], [0n, 10n]), positions(3n, 10n), false)).toEqual(["0: 3 to 10"]);
  });

  it("is all that is there, where it has no position", () => {
    expect(shown(held([2n, 10n], [0n, 4n]), new Map(), false)).toEqual(["0: 2 to 10", "1: 0 to 4"]);
  });

  it("is nothing, where it has no position and begins at the end", () => {
    expect(shown(held([2n, 10n]), new Map(), true)).toEqual([]);
  });

  it("is all of a partition that was added to a topic that it reads already", () => {
    expect(shown(held([0n, 10n], [0n, 4n]), positions(10n), true)).toEqual(["1: 0 to 4"]);
  });

  it("is all that is there, where its position is behind the end: that was another log", () => {
    expect(shown(held([2n, 10n]), positions(12n), false)).toEqual(["0: 2 to 10"]);
  });

  it("leaves out what was deleted before it was read", () => {
    expect(shown(held([6n, 10n]), positions(1n), false)).toEqual(["0: 6 to 10"]);
  });
});
