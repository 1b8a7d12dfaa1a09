import { describe, expect, it } from "vitest";
import { FilterError, parseFilter } from "../../client/filter.ts";
import { letter } from "./fakeDeadLetters.ts";

const dead = letter(
  "1",
  { "x-error": "connect ECONNREFUSED 10.0.0.1", tenant: "a=b" },
  JSON.stringify({ customer: { id: 42 }, items: [{ sku: "a" }, { sku: "b" }], "a key": null, note: "é" }),
);

describe("parseFilter", () => {
  it.each([
    ["x-error~^connect", true],
    ["x-error=connect", false],
    ["x-error!=other", true],
    ["tenant=a=b", true],
    ["x-message-id=1", true],
    ["missing=", false],
    ["missing!=x", true],
    ["missing~.*", false],
    ["constructor~.*", false],
    ["$.customer.id=42", true],
    ["$.customer.id!=42", false],
    ["$.items[1].sku=b", true],
    ["$.items[2].sku=b", false],
    ['$["a key"]=null', true],
    ["$.customer~id", true],
    ["$.note=é", true],
    ["$.constructor~.*", false],
  ])("reads %s: %s", (written, matches) => {
    expect(parseFilter(written).matches(dead)).toBe(matches);
  });

  it.each([
    ["x-error=no such order", true],
    ["x-error-name~NoSuchOrder", true],
    ["x-error-stack~handle", false],
    ["x-error!=", true],
  ])("reads %s of an error that another framework wrote: %s", (written, matches) => {
    const headers = { "x-exception-message": "no such order", "x-exception-fqcn": "com.shop.NoSuchOrderException" };
    expect(parseFilter(written).matches(letter("1", headers))).toBe(matches);
  });

  it.each(["$.diagnostics.hostid=a", "NServiceBus:Kind~^b"])("reads %s of headers with such names", (written) => {
    const headers = { "$.diagnostics.hostid": "a", "NServiceBus:Kind": "b" };
    expect(parseFilter(written).matches(letter("1", headers))).toBe(true);
  });

  it("finds no text of a value that is nested too deep, and all that stands beside it", () => {
    const body = `{"deep":${"[".repeat(50_000)}${"]".repeat(50_000)},"a":1}`;
    const found = ["$.deep~.*", "$.a=1"].map((written) => parseFilter(written).matches(letter("1", {}, body)));
    expect(found).toEqual([false, true]);
  });

  it("finds nothing in a body that is no JSON", () => {
    expect(parseFilter("$.a=1").matches(letter("1", {}, "a=1"))).toBe(false);
  });

  it.each(["", "x-error", "=x", "x error=1", "$.a", "$..a=1", "$.items[x]=1", "x~(", "$.a~["])(
    "refuses %j",
    (written) => {
      expect(() => parseFilter(written)).toThrow(FilterError);
    },
  );
});
