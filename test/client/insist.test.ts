import { describe, expect, it } from "vitest";
import { FULL_PATIENCE_MS, REFUSED_PATIENCE_MS, refusingFor, verdictOn } from "../../client/insist.ts";
import { ConnectionError, RefusedError } from "../../client/message.ts";

const away = new ConnectionError("no answer");
const refused = new RefusedError("no right");
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
    const refusals = new Map<string, number>();
    const told = [away, refused, away, full].map((error, at) => refusingFor(refusals, "tier", error, 1_000 * at));
    expect(told).toEqual([0, 0, 1_000, 2_000]);
    expect(refusingFor(refusals, "other", refused, 9_000)).toBe(0);
  });
});
