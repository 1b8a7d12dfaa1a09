import { describe, expect, it } from "vitest";
import {
  FULL_PATIENCE_MS,
  insist,
  REFUSED_PATIENCE_MS,
  type Refusals,
  refusingFor,
  verdictOn,
} from "../../client/insist.ts";
import { ConnectionError, RefusedError } from "../../client/message.ts";

const away = new ConnectionError("no answer");
const refused = new RefusedError("no right");
const tooLarge = new RefusedError("12 bytes are too many", { tooLarge: true });
const full = new RefusedError("full", { full: true });

describe("what follows from an error", () => {
  it("is to ask again for ever while the broker is away, and while the last place is full", () => {
    for (const isLast of [true, false]) expect(verdictOn(away, Number.MAX_VALUE, isLast)).toBe("again");
    expect(verdictOn(full, Number.MAX_VALUE, true)).toBe("again");
  });

  it.each([
    ["refused", refused, REFUSED_PATIENCE_MS, true],
    ["refused", refused, REFUSED_PATIENCE_MS, false],
    ["full", full, FULL_PATIENCE_MS, false],
  ])("is to go elsewhere where a place is %s for long", (_, error, patience, isLast) => {
    expect([0, patience - 1, patience].map((since) => verdictOn(error, since, isLast))).toEqual([
      "again",
      "again",
      "elsewhere",
    ]);
  });

  it("counts from the first refusal of the place, whatever else goes wrong meanwhile", () => {
    const refusals: Refusals = new Map();
    const told = [away, refused, away, full].map((error, at) => refusingFor(refusals, "tier", error, 1_000 * at));
    expect(told).toEqual([0, 0, 1_000, 2_000]);
    expect(refusingFor(refusals, "other", refused, 9_000)).toBe(0);
  });

  it("counts anew where a place refuses that has not for longer than the patience with it", () => {
    const refusals: Refusals = new Map();
    const at = [0, 9_000, 9_000 + FULL_PATIENCE_MS, 9_001 + 2 * FULL_PATIENCE_MS];
    expect(at.map((now) => refusingFor(refusals, "tier", refused, now))).toEqual([0, 9_000, 39_000, 0]);
  });

  it("is to go elsewhere at once with a message that is too large, and notes nothing against the place", () => {
    const refusals: Refusals = new Map();
    expect(refusingFor(refusals, "tier", tooLarge, 1_000)).toBe(0);
    expect([refusals.size, verdictOn(tooLarge, 0, false), verdictOn(tooLarge, 0, true)]).toEqual([
      0,
      "elsewhere",
      "elsewhere",
    ]);
  });
});

describe("insist", () => {
  const insistence = { flow: "kafka/orders/g", stopping: new AbortController().signal, refusals: new Map() };

  it("tells a fault of code as it is, and tries again: nothing is given up for it", async () => {
    const faults = [new TypeError("Cannot destructure property 'a' of undefined")];
    const told: Error[] = [];
    const attempt = async () => {
      const fault = faults.shift();
      if (fault) throw fault;
      return "there";
    };
    const onError = (error: Error) => void told.push(error);
    expect(await insist({ ...insistence, onError }, [{ place: "tier" }], attempt)).toBe("there");
    expect(told).toEqual([new TypeError("Cannot destructure property 'a' of undefined")]);
  });

  it("says why the first place was passed over, also where the message is too large for it", async () => {
    const tried: unknown[] = [];
    const attempt = async ({ place }: { place: string }, refusal?: string) => {
      tried.push([place, refusal]);
      if (place === "retry") throw tooLarge;
      return place;
    };
    expect(await insist(insistence, [{ place: "retry" }, { place: "dead" }], attempt)).toBe("dead");
    expect(tried).toEqual([
      ["retry", undefined],
      ["dead", "12 bytes are too many"],
    ]);
  });

  it("ends with the refusal, and not with an outdated access, where every place finds the message too large", async () => {
    const attempt = () => Promise.reject(tooLarge);
    await expect(insist(insistence, [{ place: "retry" }, { place: "dead" }], attempt)).rejects.toBe(tooLarge);
  });
});
