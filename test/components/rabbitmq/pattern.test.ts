import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exactly, routedBy } from "../../../components/rabbitmq/pattern.ts";

describe("exactly", () => {
  it.each([
    [[], "^$"],
    [["orders"], "^orders$"],
    [["a.b"], "^a\\.b$"],
    [["b", "a"], "^(?:a|b)$"],
    [["a", "a"], "^a$"],
    [["x(y)[z]{1}+$^"], "^x\\(y\\)\\[z\\]\\{1\\}\\+\\$\\^$"],
  ])("makes of %j the expression %s", (names, expression) => {
    expect(exactly(names)).toBe(expression);
  });

  it("matches every name of the list and no other name", () => {
    const name = fc.string({ unit: fc.constantFrom(..."ab.-+()[]{}^$"), minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 4 }), name, (names, other) => {
        expect(new RegExp(exactly(names)).test(other)).toBe(names.includes(other));
      }),
    );
  });
});

describe("routedBy", () => {
  it.each([
    [["order.created"], "^order\\.created$"],
    [["order.*"], "^order\\.[^.]*$"],
    [["*"], "^(?!$)[^.]*$"],
    [["#.*"], "^(?!$)(?:.*\\.)?[^.]*$"],
    [["#"], "^.*$"],
    [["order.#"], "^order(?:\\..*)?$"],
    [["#.created"], "^(?:.*\\.)?created$"],
    [["a.#.b"], "^a(?:\\..*)?\\.b$"],
    [["#.#.b"], "^(?:.*\\.)?b$"],
    [["b.*", "a"], "^(?:a|b\\.[^.]*)$"],
  ])("makes of the binding keys %j the expression %s, and no line break after it", (keys, expression) => {
    expect(routedBy(keys)).toBe(`${expression}(?!\\n)`);
  });

  it("refuses a key that ends in a line break, which leads nowhere", () => {
    // As RabbitMQ reads $: before a line break at the end, too.
    const asErlang = (expression: string) => new RegExp(expression.replace("$(?!", "(?=\\n?(?![\\s\\S]))(?!"));
    expect(asErlang("^orders$(?!x)").test("orders\n")).toBe(true);
    expect(asErlang(routedBy(["orders"])).test("orders\n")).toBe(false);
    expect(asErlang(routedBy(["orders"])).test("orders")).toBe(true);
  });

  it("allows exactly the routing keys that a topic exchange routes", () => {
    const dotted = (words: fc.Arbitrary<string>) => fc.array(words, { minLength: 1, maxLength: 5 });
    const word = fc.constantFrom("a", "b", "order", "");
    const bindingWord = fc.constantFrom("a", "b", "order", "*", "#");
    fc.assert(
      fc.property(dotted(bindingWord), dotted(word), (binding, key) => {
        expect(new RegExp(routedBy([binding.join(".")])).test(key.join("."))).toBe(
          routes(binding, key.join(".") === "" ? [] : key),
        );
      }),
      { numRuns: 2000 },
    );
  });
});

/** RabbitMQ's rule, word by word. */
function routes([first, ...binding]: string[], key: string[]): boolean {
  if (first === undefined) return key.length === 0;
  if (first === "#") return routes(binding, key) || (key.length > 0 && routes([first, ...binding], key.slice(1)));
  return key.length > 0 && (first === "*" || first === key[0]) && routes(binding, key.slice(1));
}
