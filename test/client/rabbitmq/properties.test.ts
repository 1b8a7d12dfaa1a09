import { describe, expect, it } from "vitest";
import { type Properties, tableOf } from "../../../client/rabbitmq/content.ts";
import {
  identified,
  keptHeaders,
  republished,
  textHeaders,
  textOf,
  toDelivery,
} from "../../../client/rabbitmq/properties.ts";
import { entriesOf, messageOf, messageWith } from "./message.ts";

describe("a delivery of RabbitMQ", () => {
  it("has the routing key as its key, and is the first attempt", () => {
    expect(toDelivery(messageOf(), "rabbitmq/orders")).toEqual({
      id: "m-1",
      body: Buffer.from("body"),
      key: "order.new",
      headers: {},
      attempt: 1,
      flow: "rabbitmq/orders",
    });
  });

  it("keeps the key that it was published with when a tier gave it another", () => {
    const message = messageOf({ exchange: "", routingKey: "orders", headers: { "x-key": "order.new" } });
    expect(toDelivery(message, "rabbitmq/orders").key).toBe("order.new");
  });

  it("counts what the header says, and not what a broker lost since", () => {
    const attempt = (headers: object) => toDelivery(messageOf({ headers }), "rabbitmq/orders").attempt;
    expect(attempt({ "x-attempt": "2" })).toBe(2);
    expect(attempt({ "x-attempt": "2", "x-delivery-count": 1 })).toBe(2);
    expect(attempt({ "x-attempt": "many", "x-delivery-count": "x" })).toBe(1);
  });

  it("shows headers of other types as text, and none of the broker's own", () => {
    const headers = {
      text: "a",
      count: 5,
      sure: false,
      none: null,
      list: [1, "a", 9007199254740993n],
      table: { a: 1 },
      CC: ["x"],
      "x-death": [{}],
      "x-death-note": "mine",
      "x-first-death-queue": "q",
      "x-last-death-reason": "expired",
      "x-delivery-count": 1,
      "x-acquired-count": 1,
    };
    expect(textHeaders(headers)).toEqual({
      text: "a",
      count: "5",
      sure: "false",
      none: "",
      "x-death-note": "mine",
      list: '[1,"a","9007199254740993"]',
      table: '{"a":1}',
    });
  });

  it("takes its identity from the property, then from the header, then a new one", () => {
    expect(identified(messageOf()).messageId).toBe("m-1");
    expect(identified(messageOf({ messageId: undefined, headers: { "x-message-id": "h-1" } })).messageId).toBe("h-1");
    expect(identified(messageOf({ messageId: undefined })).messageId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it("takes no identity from a header that is longer than a property may be", () => {
    const told = (id: string) =>
      identified(messageOf({ messageId: undefined, headers: { "x-message-id": id } })).messageId;
    expect(told("i".repeat(255))).toBe("i".repeat(255));
    expect(told("i".repeat(300))).toMatch(/^[0-9a-f-]{36}$/);
    expect(told("ü".repeat(128))).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("a message that is published again", () => {
  const text = (property: string, value: string) => [property, `${String.fromCharCode(value.length)}${value}`];
  const written = (properties: Properties) =>
    [...properties].filter(([name]) => name !== "headers").map(([name, value]) => [name, value.toString("latin1")]);

  it("keeps its properties byte for byte, but for the expiration and the user id", () => {
    const message = messageOf({
      contentEncoding: "gzip",
      priority: 3,
      correlationId: "c",
      replyTo: "r",
      timestamp: 12,
      type: "t",
      appId: "a",
      expiration: "500",
      userId: "shop",
    });
    expect(written(republished(message, {}))).toEqual([
      text("contentEncoding", "gzip"),
      ["deliveryMode", "\x02"],
      ["priority", "\x03"],
      text("correlationId", "c"),
      text("replyTo", "r"),
      text("messageId", "m-1"),
      ["timestamp", "\0\0\0\0\0\0\0\x0c"],
      text("type", "t"),
      text("appId", "a"),
    ]);
  });

  it("is persistent, and has the identity that it was given, where it came without", () => {
    const properties = new Map([["deliveryMode", Buffer.from([1])]] as const);
    const message = { ...messageOf(), properties };
    expect(written(republished(message, {}))).toEqual([["deliveryMode", "\x02"], text("messageId", "m-1")]);
    expect(republished(message, {}).has("headers")).toBe(false);
  });

  it("keeps each header of its own as it stands there, in order and as often", () => {
    const own = ["\x02idl\0\x20\0\0\0\0\0\x01", "\x04rated?\xf0\0\0\0\0\0\0", "\x03tagS\0\0\0\x01a", "\x03tagV"];
    const ours = ["\x09x-attemptS\0\0\0\x012"];
    const brokers = ["\x07x-deathA\0\0\0\0", "\x10x-delivery-countb\x01", "\x02CCA\0\0\0\0"];
    const alike = ["\x0cx-death-noteS\0\0\0\x01n", "\x12x-first-death-noteS\0\0\0\0"];
    const entries = [...ours, ...own, ...brokers, ...alike].map((entry) => ({ entry: Buffer.from(entry, "latin1") }));
    const again = republished(messageWith(tableOf(entries)), { "x-attempt": "3", "x-error": "no" });
    expect(entriesOf(again)).toEqual([...own, ...alike, "\x09x-attemptS\0\0\0\x013", "\x07x-errorS\0\0\0\x02no"]);
  });

  it("tells the expiration that it does not have any more, and the key", () => {
    expect(keptHeaders(messageOf({ expiration: "500" }), "order.new")).toEqual({
      "x-key": "order.new",
      "x-expiration": "500",
    });
    expect(keptHeaders(messageOf({ headers: { "x-expiration": "500" } }))).toEqual({ "x-expiration": "500" });
    expect(keptHeaders(messageOf())).toEqual({});
  });
});

describe("the text of a header", () => {
  it.each([
    ["a", "a"],
    [1.5, "1.5"],
    [10n, "10"],
    [true, "true"],
    [null, ""],
  ])("%s is %j", (value, text) => {
    expect(textOf(value)).toBe(text);
  });
});
