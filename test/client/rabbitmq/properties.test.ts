import { describe, expect, it } from "vitest";
import { identified, republished, textHeaders, textOf, toDelivery } from "../../../client/rabbitmq/properties.ts";
import { messageOf } from "./message.ts";

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
      bytes: Buffer.from("b"),
      list: [1, "a"],
      table: { a: 1 },
      CC: ["x"],
      "x-death": [{}],
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
      bytes: "b",
      list: '[1,"a"]',
      table: '{"a":1}',
    });
  });

  it("takes its identity from the property, then from the header, then a new one", () => {
    expect(identified(messageOf()).messageId).toBe("m-1");
    expect(identified(messageOf({ messageId: undefined, headers: { "x-message-id": "h-1" } })).messageId).toBe("h-1");
    expect(identified(messageOf({ messageId: undefined })).messageId).toMatch(/^[0-9a-f-]{36}$/);
  });
});

describe("a message that is published again", () => {
  it("keeps its properties but for the expiration and the user id", () => {
    const kept = {
      contentType: "application/json",
      contentEncoding: "gzip",
      priority: 3,
      correlationId: "c",
      replyTo: "r",
      timestamp: 12,
      type: "t",
      appId: "a",
    };
    const message = messageOf({ ...kept, expiration: "500", userId: "shop", headers: {} });
    expect(republished(message, {})).toEqual({ ...kept, messageId: "m-1", headers: {} });
  });

  it("keeps the type of a header that did not change, and has the text of one that did", () => {
    const message = messageOf({ headers: { count: 5, list: [1], "x-attempt": 1, bytes: Buffer.from("b"), gone: "x" } });
    const text = { ...textHeaders(message.headers), "x-attempt": "2", "x-error": "no" };
    delete (text as Record<string, string>).gone;
    expect(republished(message, text).headers).toEqual({
      count: 5,
      list: [1],
      "x-attempt": "2",
      bytes: "b",
      "x-error": "no",
    });
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
