import { describe, expect, it } from "vitest";
import type { RabbitmqDestination } from "../../../client/access.ts";
import { AccessError, RefusedError } from "../../../client/message.ts";
import { addressOf, matches } from "../../../client/rabbitmq/destination.ts";

const work = { exchange: "messaging.work", routingKeys: ["orders"] };
const events = { exchange: "events", routingKeys: ["order.*", "refund"] };

describe("where a message is published", () => {
  it("is the only place there is where it has no key", () => {
    expect(addressOf("orders", [work])).toEqual({ exchange: "messaging.work", routingKey: "orders", headers: {} });
  });

  it("is the exchange whose binding takes the key", () => {
    expect(addressOf("orders", [work, events], "order.new")).toEqual({
      exchange: "events",
      routingKey: "order.new",
      headers: {},
    });
  });

  it("has the headers that the first binding asks for", () => {
    const bound: RabbitmqDestination = {
      exchange: "h",
      routingKeys: [""],
      headers: [{ "x-match": "all", kind: "bill", paid: true }, { a: 1 }],
    };
    expect(addressOf("orders", [bound])).toEqual({
      exchange: "h",
      routingKey: "",
      headers: { kind: "bill", paid: true },
    });
  });

  it("must be said where there are several, or a pattern", () => {
    expect(() => addressOf("orders", [events])).toThrow(
      new AccessError('rabbitmq/orders: key: must be given: "order.*" or "refund"'),
    );
    expect(() => addressOf("orders", [{ exchange: "e", routingKeys: ["a.#"] }])).toThrow(AccessError);
  });

  it("must be one that leads to the queue", () => {
    expect(() => addressOf("orders", [work, events], "order.a.b")).toThrow(
      new AccessError('rabbitmq/orders: key: must be "orders" or "order.*" or "refund", got "order.a.b"'),
    );
  });

  it("must have a key that AMQP can carry", () => {
    const any = [{ exchange: "e", routingKeys: ["#"] }];
    expect(addressOf("orders", any, "é".repeat(127)).routingKey).toHaveLength(127);
    expect(() => addressOf("orders", any, "é".repeat(128))).toThrow(RefusedError);
  });
});

describe("a binding key", () => {
  it.each([
    ["a.b", "a.b", true],
    ["a.b", "a.c", false],
    ["a.*", "a.b", true],
    ["a.*", "a", false],
    ["a.*", "a.b.c", false],
    ["a.#", "a", true],
    ["a.#", "a.b.c", true],
    ["#.z", "a.b.z", true],
    ["#.z", "z.a", false],
    ["#", "anything.at.all", true],
    ["*", "two.words", false],
    ["", "whatever a fanout gets", true],
  ])("%j and the key %j: %s", (bindingKey, key, routed) => {
    expect(matches(bindingKey, key)).toBe(routed);
  });
});
