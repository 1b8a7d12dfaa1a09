import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { exactly, routedBy, tooLarge } from "../../skill/rabbitmqPattern.ts";

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

describe("the size of a pattern", () => {
  // Each pair was measured on RabbitMQ 4.0.5: it takes the first and refuses the second.
  const names = (count: number, length: number, fill = "q") =>
    Array.from({ length: count }, (_, at) => String(at).padStart(5, "0") + fill.repeat(length - 5));
  it.each([
    ["130 names of 250", routedBy(names(130, 250)), routedBy(names(131, 250))],
    ["5,000 short names", routedBy(names(5_030, 5)), routedBy(names(5_050, 5))],
    ["one long name", exactly(["a".repeat(32_745)]), exactly(["a".repeat(32_770)])],
    ["names of two bytes a sign", exactly(names(159, 104, "é")), exactly(names(164, 104, "é"))],
  ])("is within what RabbitMQ compiles: %s", (_, taken, refused) => {
    expect(tooLarge(taken)).toBeUndefined();
    expect(tooLarge(refused)?.rule).toMatch(/^be within 32750 bytes/);
  });
});
