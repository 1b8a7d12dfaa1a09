import { describe, expect, it } from "vitest";
import { mergePatch, parseSkill, SkillError } from "../../skill/index.ts";

// RFC 7396, appendix A: original, patch, result.
const table: [unknown, unknown, unknown][] = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [
    ["a", "b"],
    ["c", "d"],
    ["c", "d"],
  ],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

describe("a JSON merge patch", () => {
  it.each(table)("makes of %j by %j what RFC 7396 says", (original, patch, result) => {
    expect(mergePatch(original, patch)).toEqual(result);
  });

  it("changes neither the original nor the patch", () => {
    const original = { a: { b: 1 } };
    const patch = { a: { c: { d: 2 } } };
    mergePatch(original, patch);
    expect({ original, patch }).toEqual({ original: { a: { b: 1 } }, patch: { a: { c: { d: 2 } } } });
  });

  it("reaches no prototype, and leaves the key for parseSkill to refuse", () => {
    const patched = mergePatch({ name: "shop", version: "2.0.0" }, JSON.parse('{ "__proto__": { "polluted": true } }'));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(patched as object)).toEqual(["name", "version", "__proto__"]);
    expect(() => parseSkill(patched)).toThrow(SkillError);
  });
});
