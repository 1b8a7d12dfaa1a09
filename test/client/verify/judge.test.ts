import { describe, expect, it } from "vitest";
import type { DeadLetter } from "../../../client/deadLetters.ts";
import { type Evidence, judge, type Seen } from "../../../client/verify/judge.ts";
import type { Check } from "../../../client/verify/plan.ts";
import { letter } from "../fakeDeadLetters.ts";

const check: Check = {
  flow: "f",
  path: "f",
  producer: "a",
  consumer: "b",
  maxAttempts: 3,
  delays: [1000, 2000],
  order: "free",
  keyOf: () => undefined,
};
const poison = (at: number, attempt: number): Seen => ({ kind: "poison", attempt, at });
const good = (at: number): Seen => ({ kind: "good", attempt: 1, at });
const dead = (headers: object = {}): DeadLetter => letter("p", { "x-error": "e", "x-attempt": "3", ...headers });
const own = (more: Partial<Evidence> = {}): Evidence => ({
  by: "own",
  published: { good: 0, poison: 0 },
  seen: [poison(10, 1), good(20), poison(1030, 2), poison(3100, 3)],
  deadLetters: [dead()],
  waitingAfter: 0,
  ...more,
});

describe("judge", () => {
  it("finds nothing broken where everything came as promised", () => {
    expect(judge(check, own())).toEqual({
      good: { consumed: 1, milliseconds: 20 },
      poison: { deliveries: 3, delays: [1020, 2070], deadLetters: 1 },
      broken: [],
    });
  });

  it.each<[string, Partial<Evidence>, string]>([
    [
      "a good message that is lost",
      { seen: own().seen.filter(({ kind }) => kind === "poison") },
      "a good message must be consumed once, and was 0 times",
    ],
    [
      "a good message that comes twice",
      { seen: [...own().seen, good(30)] },
      "a good message must be consumed once, and was 2 times",
    ],
    [
      "a good message that waits",
      { seen: [poison(10, 1), poison(1030, 2), poison(3100, 3), good(3200)] },
      "a good message must not wait behind poison, and waited 3.20 s",
    ],
    [
      "a retry that comes early",
      { seen: [poison(10, 1), good(20), poison(900, 2), poison(2950, 3)] },
      "retry 1 must come 1.00 s to 2.00 s after the failure, and came after 0.89 s",
    ],
    [
      "a retry that comes late",
      { seen: [poison(10, 1), good(20), poison(1030, 2), poison(4100, 3)] },
      "retry 2 must come 2.00 s to 3.00 s after the failure, and came after 3.07 s",
    ],
    [
      "one delivery too few",
      { seen: [poison(10, 1), good(20), poison(1030, 2)] },
      "poison must be delivered 3 times, and was 2 times",
    ],
    ["a dead letter that is lost", { deadLetters: [] }, "poison must be in the dead letters once, and is 0 times"],
    [
      "a dead letter twice",
      { deadLetters: [dead(), dead()] },
      "poison must be in the dead letters once, and is 2 times",
    ],
    ["something left behind", { waitingAfter: 1 }, "nothing of it must be left in the flow, and 1 messages are"],
  ])("tells %s", (_, evidence, broken) => {
    expect(judge(check, own(evidence)).broken).toEqual([broken]);
  });

  it("bears that a partition in order waits for its poison, and says for how long", () => {
    const seen = [poison(10, 1), poison(1030, 2), poison(3100, 3), good(3200)];
    expect(judge({ ...check, order: "partition" }, own({ seen }))).toMatchObject({
      good: { milliseconds: 3200 },
      broken: [],
    });
  });

  it("reads what live consumers did from the dead letters", () => {
    const failures = ["2026-01-01T00:00:00.000Z", "2026-01-01T00:00:01.010Z", "2026-01-01T00:00:03.030Z"].join(",");
    const receipt = letter("g", { "x-attempt": "1" });
    const evidence = own({
      by: "live",
      seen: [],
      deadLetters: [dead({ "x-failures": failures }), receipt],
      waitingAfter: -1,
    });
    expect(judge(check, evidence)).toEqual({
      good: { consumed: 1 },
      poison: { deliveries: 3, delays: [1010, 2020], deadLetters: 1 },
      broken: [],
    });
  });

  it("expects no dead letter where poison blocks", () => {
    const blocking = { ...check, maxAttempts: Number.POSITIVE_INFINITY };
    expect(judge(blocking, own({ deadLetters: [] })).broken).toEqual([]);
  });
});
