import { describe, expect, it } from "vitest";
import { type Attributes, attributesOf, toHeaders, withHeaders, withoutKept } from "../../../client/sqs/attributes.ts";

const text = (value: string) => ({ DataType: "String", StringValue: value });
/** Ten attributes of every type, as a producer sends them that knows nothing of this contract. */
const ten: Attributes = {
  ...Object.fromEntries(Array.from({ length: 6 }, (_, at) => [`a${at}`, text(`v${at}`)])),
  count: { DataType: "Number", StringValue: "9007199254740993.10" },
  rank: { DataType: "Number.int", StringValue: "007" },
  raw: { DataType: "Binary", BinaryValue: new Uint8Array([0, 255]) },
  icon: { DataType: "Binary.png", BinaryValue: new Uint8Array([137, 80]) },
};
const ours = { "x-message-id": "m", "x-error": "e" };
const redriven = { "x-message-id": "m", "x-redrive-count": "1" };
const mapOf = (attributes: Attributes) => JSON.parse(attributes["x-headers"]!.StringValue!);
/** Bytes are the same in whatever array they are. */
const plain = (attributes: Attributes) =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      { ...value, ...(value.BinaryValue && { BinaryValue: [...value.BinaryValue] }) },
    ]),
  );

describe("the headers of a message on SQS", () => {
  it("come back whatever is in them", () => {
    const headers = { "": "", 'q"': "\u0000\u001F\uFFFE\uFFFF\uD800", "x-error": "ü\n\u{1F600}", ["__proto__"]: "p" };
    const attributes = attributesOf(headers);
    expect(attributes["x-headers"]!.StringValue).toMatch(/^[\x20-\x7E\u{A0}-\u{FFFD}\u{1F600}]*$/u);
    expect(toHeaders(attributes)).toEqual(headers);
  });

  it("are what a foreign producer sent as attributes, as text", () => {
    const { a0, count, rank, raw } = ten;
    const name = { DataType: "Binary", BinaryValue: Buffer.from("Zoë") };
    expect(toHeaders({ a0: a0!, count: count!, rank: rank!, raw: raw!, name })).toEqual({
      a0: "v0",
      count: "9007199254740993.10",
      rank: "007",
      raw: "base64:AP8=",
      name: "Zoë",
    });
  });

  it.each([["no JSON"], ["[1]"], ["null"], ["7"]])("that are no map are a header themselves: %s", (value) => {
    expect(toHeaders({ "x-headers": text(value) })).toEqual({ "x-headers": value });
  });

  it("that are too deep to be told one by one are a header themselves", () => {
    const value = `{"a":"b","c":${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
    expect(toHeaders({ "x-headers": text(value), own: text("o") })).toEqual({ "x-headers": value, own: "o" });
  });

  it("that are no text become text", () => {
    expect(toHeaders({ "x-headers": text('{"n":1,"o":{"a":[]}}') })).toEqual({ n: "1", o: '{"a":[]}' });
  });
});

describe("a message that goes on", () => {
  it("keeps a header x-attributes that is too deep to be a note of ours", () => {
    const note = `[[${"[".repeat(50_000)}${"]".repeat(50_000)},"String","s"]]`;
    const came = attributesOf({ ...ours, "x-attributes": note });
    expect(toHeaders(came)).toEqual({ ...ours, "x-attributes": note });
    expect(withHeaders(withHeaders(came, ours, true), redriven, false)).toEqual(came);
  });

  it("keeps its attributes and its own headers, and has ours in place of those of ours that it had", () => {
    const { a0, raw, rank } = ten;
    const came = {
      a0: a0!,
      raw: raw!,
      rank: rank!,
      ...attributesOf({ tenant: "t", "x-spring": "s", "x-attempt": "2" }),
    };
    const sent = withHeaders(came, ours, true);
    expect(sent).toEqual({
      a0,
      raw,
      rank,
      "x-headers": text(JSON.stringify({ tenant: "t", "x-spring": "s", ...ours })),
    });
    expect(withHeaders(sent, redriven, false)["x-headers"]).toEqual(
      text(JSON.stringify({ tenant: "t", "x-spring": "s", ...redriven })),
    );
  });

  it("keeps an attribute that is named as one of ours for as long as it says the same", () => {
    const came = { "x-message-id": text("m"), "x-attempt": text("2") };
    expect(withHeaders(came, ours, true)).toEqual({ "x-message-id": text("m"), ...attributesOf({ "x-error": "e" }) });
  });

  it.each([
    ["ten attributes", ten],
    ["an x-headers that is no map", { "x-headers": text("no JSON") }],
    ["an x-headers with values that are no text", { a0: ten.a0!, "x-headers": text('{"n": 9007199254740993}') }],
    ["an x-headers that is no text", { "x-headers": { DataType: "String.json", StringValue: '{"a":"b"}' } }],
  ])("and has %s is noted in a dead letter, and goes back as it came", (_, came) => {
    const dead = withHeaders(came, ours, true);
    expect(Object.keys(dead).length).toBeLessThanOrEqual(10);
    expect([mapOf(dead)["x-error"], toHeaders(dead)]).toEqual(["e", { ...toHeaders(came), ...ours }]);
    expect(plain(withHeaders(dead, redriven, false))).toEqual(plain(came));
    // An earlier version has put it to the end of its queue.
    const { "x-attributes": note, ...headers } = mapOf(dead);
    const behind = withoutKept({ ...dead, ...attributesOf({ ...headers, "x-kept": "unknown", "x-attributes": note }) });
    expect(behind).toEqual({ attributes: dead, kept: "unknown" });
  });

  it.each([
    '{"x-attributes":"of the app","x-error":"old"}',
    '{"x-attributes":"[]","k":"v"}',
    '{"x-attributes":"[[\\"evil\\",\\"String\\",\\"injected\\"]]"}',
    '{"x-message-id":"m","x-attributes":"[[\\"x-headers\\",\\"String\\",\\"{}\\"]]"}',
    '{ "k":"v", "k":"w", "1":"a"}',
    '{"k":"v","1":"a"}',
    '{"k": "v"}',
  ])("keeps an x-headers that is not as we write it, to the byte: %s", (json) => {
    const came = { a0: ten.a0!, "x-headers": text(json) };
    const dead = withHeaders(came, ours, true);
    expect(toHeaders(dead)).toEqual({ ...toHeaders(came), ...ours });
    // Failed again after the console of AWS moved it back as it lay there.
    expect(withHeaders(dead, ours, true)).toEqual(dead);
    expect(withHeaders(dead, redriven, false)).toEqual(came);
    expect(withHeaders(came, redriven, false)).toEqual(came);
  });

  it("keeps an attribute and a header x-kept of the app", () => {
    const came = { "x-kept": text("mine"), ...attributesOf({ "x-kept": "mine" }) };
    const dead = withHeaders(came, ours, true);
    expect(dead).toEqual({ "x-kept": text("mine"), ...attributesOf({ "x-kept": "mine", ...ours }) });
    expect(withHeaders(dead, redriven, false)).toEqual({
      "x-kept": text("mine"),
      ...attributesOf({ "x-kept": "mine", ...redriven }),
    });
  });

  it("is a dead letter of a client in another language, whose JSON is another", () => {
    const letter = {
      "x-message-id": "m",
      "x-origin": "sqs/work",
      "x-origin-position": "p",
      "x-consumer": "python",
      "x-error": "e",
    };
    const came = { "x-headers": text(JSON.stringify({ tenant: "t", ...letter }, null, 1)) };
    expect(withHeaders(came, redriven, false)).toEqual(attributesOf({ tenant: "t", ...redriven }));
  });
});
