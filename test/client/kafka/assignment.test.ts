import { describe, expect, it } from "vitest";
import {
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
  rangeAssignment,
} from "../../../client/kafka/assignment.ts";

const assigned = (members: Record<string, string[]>, counts: Record<string, number>) => {
  const list = Object.entries(members).map(([memberId, topics]) => ({ memberId, topics }));
  const given = rangeAssignment(list, new Map(Object.entries(counts)));
  return Object.fromEntries([...given].map(([member, topics]) => [member, Object.fromEntries(topics)]));
};

describe("what members say and are given", () => {
  it("is read as it was written", () => {
    expect(decodeSubscription(encodeSubscription(["a", "b.c"]))).toEqual(["a", "b.c"]);
    const assignment = new Map([
      ["a", [0, 2]],
      ["b", [1]],
    ]);
    expect(decodeAssignment(encodeAssignment(assignment))).toEqual(assignment);
  });

  it("is written as Kafka's protocol has it", () => {
    expect(encodeSubscription(["ab"]).toString("hex")).toBe("0000" + "00000001" + "0002" + "6162" + "00000000");
    expect(encodeAssignment(new Map([["ab", [5]]])).toString("hex")).toBe(
      "0000" + "00000001" + "0002" + "6162" + "00000001" + "00000005" + "00000000",
    );
  });

  it("is read from later versions, which only add at the end", () => {
    const later = Buffer.concat([Buffer.from("0003", "hex"), encodeSubscription(["a"]).subarray(2), Buffer.alloc(8)]);
    expect(decodeSubscription(later)).toEqual(["a"]);
  });

  it("may be nothing", () => {
    expect(decodeAssignment(Buffer.alloc(0))).toEqual(new Map());
    expect(decodeAssignment(null)).toEqual(new Map());
    expect(decodeSubscription(null)).toEqual([]);
  });
});

describe("the range assignment", () => {
  it("gives all to a member that is alone", () => {
    expect(assigned({ m: ["t"] }, { t: 3 })).toEqual({ m: { t: [0, 1, 2] } });
  });

  it("gives runs, and one more to the first members where they do not come out even", () => {
    expect(assigned({ c: ["t"], a: ["t"], b: ["t"] }, { t: 8 })).toEqual({
      a: { t: [0, 1, 2] },
      b: { t: [3, 4, 5] },
      c: { t: [6, 7] },
    });
  });

  it("gives the partitions of a number to one member on all topics of as many", () => {
    expect(assigned({ a: ["t", "t.retry"], b: ["t", "t.retry"] }, { t: 2, "t.retry": 2 })).toEqual({
      a: { t: [0], "t.retry": [0] },
      b: { t: [1], "t.retry": [1] },
    });
  });

  it("gives nothing of a topic to a member that does not want it, nor more than there is", () => {
    expect(assigned({ a: ["t"], b: ["u"], c: ["t"] }, { t: 1, u: 2 })).toEqual({
      a: { t: [0] },
      b: { u: [0, 1] },
      c: {},
    });
  });
});
