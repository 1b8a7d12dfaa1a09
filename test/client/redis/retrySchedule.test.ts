import { describe, expect, it } from "vitest";
import { blockFor, forgotten } from "../../../client/redis/fetch.ts";
import { retryConsumer, retryDelayOf, retrySchedule } from "../../../client/redis/retrySchedule.ts";

describe("the consumer that failed entries wait with", () => {
  it("is named by the delay, and nobody else is taken for it", () => {
    expect(retryConsumer(1500)).toBe("messaging.retry.1500");
    const names = ["messaging.retry.1500", "messaging.retry.", "messaging-client/1", "a messaging.retry.1", "worker"];
    expect(names.map(retryDelayOf)).toEqual([1500, undefined, undefined, undefined, undefined]);
  });
});

describe("the schedule of retries", () => {
  it("takes what is due, the earliest first, and no more than there is room for", () => {
    const schedule = retrySchedule([1000, 5000]);
    schedule.failed(5000, "long", 0);
    schedule.failed(1000, "a", 4050);
    schedule.failed(1000, "b", 4100);
    expect(schedule.takeDue(5000, 10)).toEqual([]);
    expect(schedule.takeDue(5001, 1)).toEqual([{ delay: 5000, ids: ["long"] }]);
    expect(schedule.takeDue(5101, 10)).toEqual([{ delay: 1000, ids: ["a", "b"] }]);
    expect(schedule.takeDue(99_999, 10)).toEqual([]);
  });

  it("does not let one that waits for long stand before one that does not", () => {
    const schedule = retrySchedule([]);
    schedule.failed(60_000, "long", 0);
    schedule.failed(500, "short", 10);
    expect(schedule.takeDue(511, 10)).toEqual([{ delay: 500, ids: ["short"] }]);
  });

  it("looks for the entries of others at once, then each half second, and at once again where some were left", () => {
    const schedule = retrySchedule([0, 1000]);
    expect(schedule.scans(100)).toEqual([0, 1000]);
    schedule.scanned(0, 100, false);
    schedule.scanned(1000, 100, true);
    expect(schedule.scans(100)).toEqual([1000]);
    schedule.scanned(1000, 101, false);
    expect([schedule.next(), schedule.scans(599), schedule.scans(601)]).toEqual([600, [], [0, 1000]]);
  });

  it("looks for delays that only the server knows of", () => {
    const schedule = retrySchedule([]);
    expect([schedule.next(), schedule.shortest()]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
    schedule.expect(3000);
    expect([schedule.scans(0), schedule.shortest()]).toEqual([[3000], 3000]);
  });

  it("remembers ten thousand of a delay, the rest is looked for", () => {
    const schedule = retrySchedule([1]);
    for (let n = 0; n < 10_001; n++) schedule.failed(1, `${n}`, 0);
    const [due] = schedule.takeDue(2, 20_000);
    expect([due!.ids.length, due!.ids.at(-1)]).toEqual([10_000, "9999"]);
  });
});

describe("how long a consumer waits for a message", () => {
  const schedule = (delays: number[], scannedAt: number) => {
    const made = retrySchedule(delays);
    for (const delay of delays) made.scanned(delay, scannedAt, false);
    return made;
  };

  it.each([
    ["is half a second where nothing is due", [], 0, 500],
    ["ends when it is to look for retries", [1000], 700, 200],
    ["is no longer than the shortest delay of what may fail meanwhile", [0, 120, 1000], 1000, 120],
    ["is not short for ever for a very short delay", [1], 1000, 50],
    ["is never 0, which the server takes for ever", [1000], 0, 1],
  ])("%s", (_, delays, scannedAt, block) => {
    expect(blockFor(schedule(delays, scannedAt), 1000)).toBe(block);
  });

  it("ends when a retry is due", () => {
    const made = schedule([1000], 1000);
    made.failed(1000, "a", 30);
    expect(blockFor(made, 1000)).toBe(31);
  });
});

describe("a consumer's name that is removed", () => {
  it("is ours, holds nothing and was not heard of for an hour", () => {
    const gone = { name: "messaging-client/1", pending: 0, idle: 3_600_001 };
    const others = [
      { ...gone, name: "messaging-client/2", pending: 1 },
      { ...gone, name: "messaging-client/3", idle: 3_600_000 },
      { ...gone, name: "messaging.retry.1000" },
      { ...gone, name: "worker" },
    ];
    expect(forgotten([gone, ...others])).toEqual(["messaging-client/1"]);
  });
});
