import { describe, expect, it } from "vitest";
import { fromStruct, hasUnknown, secret, toStruct, UNKNOWN } from "../../provider/wire.ts";

describe("a message of the engine", () => {
  it("is read with its secrets in clear, at any depth", () => {
    const message = toStruct({ a: secret("x"), list: [{ b: secret({ c: 1 }) }], none: null });
    expect(fromStruct(message)).toEqual({ a: "x", list: [{ b: { c: 1 } }], none: null });
  });

  it("is written without what is undefined", () => {
    expect(toStruct({ a: undefined, b: false }).toJavaScript()).toEqual({ b: false });
  });

  it("is empty where the engine sends none", () => {
    expect(fromStruct(undefined)).toEqual({});
  });
});

describe("an unknown value", () => {
  it.each([[UNKNOWN], [[1, UNKNOWN]], [{ a: { b: UNKNOWN } }]])("is found in %j", (value) => {
    expect(hasUnknown(value)).toBe(true);
  });

  it.each([["x"], [null], [undefined], [{ a: [1, null] }]])("is not found in %j", (value) => {
    expect(hasUnknown(value)).toBe(false);
  });
});
