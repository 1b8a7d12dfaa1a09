import { describe, expect, it } from "vitest";
import { isHandled, originOf, samePlaces } from "../../../client/kafka/places.ts";

const positions = new Map([
  [0, 3n],
  [1, 1n],
]);
const handled = (from: string) => isHandled({ "x-copied-from": from }, "events", positions);

describe("the copy of a record", () => {
  it("is handled where its group's position in the old topic is behind the record", () => {
    expect([handled("events/0/2"), handled("events/0/3"), handled("events/1/0"), handled("events/1/1")]).toEqual([
      true,
      false,
      true,
      false,
    ]);
  });

  it("is not handled in a partition where the group has no position", () => {
    expect(handled("events/7/0")).toBe(false);
  });

  it("is none where it says nothing of the old topic: somebody else wrote it", () => {
    expect(isHandled({}, "events", positions)).toBe(false);
    expect([handled("other/0/0"), handled("events/x/0"), handled("")]).toEqual([false, false, false]);
  });

  it("says where the record lay, in whatever topic", () => {
    const record = { topic: "a/b", partition: 1, offset: 9n };
    expect(originOf(record)).toBe("a/b/1/9");
    expect(isHandled({ "x-copied-from": originOf(record) }, "a/b", new Map([[1, 10n]]))).toBe(true);
  });
});

describe("the place of a group", () => {
  it("is still the one that it was given while every partition is", () => {
    expect(samePlaces(positions, new Map(positions))).toBe(true);
    expect(samePlaces(positions, new Map([...positions, [1, 2n]]))).toBe(false);
    expect(samePlaces(positions, new Map())).toBe(false);
  });
});
