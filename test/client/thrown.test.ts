import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { textsOf } from "../../client/thrown.ts";

const error = (more: object) => Object.assign(new Error("m"), { stack: "s" }, more);
const getting = (key: string) =>
  Object.defineProperty(error({}), key, {
    get() {
      throw new Error("not to be read");
    },
  });
const cyclic: { self?: object } = {};
cyclic.self = cyclic;
const revoked = Proxy.revocable({}, {});
revoked.revoke();
const untellable = {
  toString() {
    throw new Error("no text");
  },
};

describe("what was thrown, as text,", () => {
  it.each([
    ["an error", error({}), ["Error", "m", "s"]],
    ["an error of a kind", Object.assign(new TypeError("no"), { stack: "s" }), ["TypeError", "no", "s"]],
    [
      "many errors",
      Object.assign(new AggregateError([error({})], "all"), { stack: "s" }),
      ["AggregateError", "all", "s"],
    ],
    ["an error with a cause", error({ cause: error({}) }), ["Error", "m", "s"]],
    [
      "an error of another context",
      runInNewContext('const e = new TypeError("m"); e.stack = "s"; e'),
      ["TypeError", "m", "s"],
    ],
    ["a message that is an object", error({ message: { code: 5 } }), ["Error", "{ code: 5 }", "s"]],
    [
      "a message without a prototype",
      error({ message: Object.create(null) }),
      ["Error", "[Object: null prototype] {}", "s"],
    ],
    ["no message", error({ message: undefined }), ["Error", "", "s"]],
    ["a message that throws", getting("message"), ["Error", "", "s"]],
    ["a name that is a number", error({ name: 5 }), ["5", "m", "s"]],
    ["no name", error({ name: undefined }), ["Error", "m", "s"]],
    ["a name that throws", getting("name"), ["Error", "m", "s"]],
    ["a stack that is a list", error({ stack: ["a", "b"] }), ["Error", "m", "a,b"]],
    ["a stack that is an object", error({ stack: { b: 1 } }), ["Error", "m", "{ b: 1 }"]],
    ["a stack that is a symbol", error({ stack: Symbol("s") }), ["Error", "m", "Symbol(s)"]],
    ["a stack that throws", getting("stack"), ["Error", "m", ""]],
    ["no stack", error({ stack: undefined }), ["Error", "m", ""]],
    ["text", "no", ["Error", "no", ""]],
    ["undefined", undefined, ["Error", "undefined", ""]],
    ["null", null, ["Error", "null", ""]],
    ["a number", 5, ["Error", "5", ""]],
    ["a bigint", 5n, ["Error", "5", ""]],
    ["a symbol", Symbol("s"), ["Error", "Symbol(s)", ""]],
    ["an object", { a: 1, message: "m" }, ["Error", "{ a: 1, message: 'm' }", ""]],
    ["an object that tells itself", { toString: () => "told" }, ["Error", "told", ""]],
    ["an object that does not", untellable, ["Error", "{ toString: [Function: toString] }", ""]],
    ["an object without a prototype", Object.create(null), ["Error", "[Object: null prototype] {}", ""]],
    ["an object that holds itself", cyclic, ["Error", "<ref *1> { self: [Circular *1] }", ""]],
    ["what cannot be read at all", revoked.proxy, ["Error", "<Revoked Proxy>", ""]],
  ])("of %s", (_, thrown, [name, message, stack]) => {
    expect(textsOf(thrown)).toEqual({ name, message, stack });
  });

  it("of a stack whose form another library has changed", () => {
    const { prepareStackTrace } = Error;
    try {
      Error.prepareStackTrace = (_, sites) => sites;
      const { stack } = textsOf(new Error("m"));
      expect(stack).toMatch(/thrown\.test\.ts:\d+:\d+/);
      Error.prepareStackTrace = () => {
        throw new Error("no stack");
      };
      expect(textsOf(new Error("m"))).toEqual({ name: "Error", message: "m", stack: "" });
    } finally {
      Error.prepareStackTrace = prepareStackTrace;
    }
  });
});
