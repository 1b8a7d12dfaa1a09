import { describe, expect, it } from "vitest";
import { toDeadLetter } from "../../../client/rabbitmq/ended.ts";
import { messageOf } from "./message.ts";

describe("a dead letter of RabbitMQ", () => {
  it("that its consumer gave up ended with its last failure", () => {
    const headers = {
      "x-error": "no",
      "x-failures": "2026-01-01T00:00:00.000Z,2026-01-01T00:00:01.000Z",
      "x-key": "order.new",
      "x-origin-position": "order-events/order.new",
    };
    expect(toDeadLetter(messageOf({ routingKey: "orders", headers, timestamp: 5 }), "orders")).toEqual({
      id: "m-1",
      body: Buffer.from("body"),
      headers,
      key: "order.new",
      at: new Date("2026-01-01T00:00:01.000Z"),
      position: "order-events/order.new",
    });
  });

  it("that the broker gave up ended when the work queue says, not a tier", () => {
    const death = {
      reason: "delivery_limit",
      queue: "orders",
      exchange: "order-events",
      "routing-keys": ["order.new"],
      time: 100,
    };
    const tier = {
      reason: "expired",
      queue: "messaging.retry.1000ms",
      exchange: "t",
      "routing-keys": ["orders"],
      time: 50,
    };
    expect(toDeadLetter(messageOf({ routingKey: "orders", headers: { "x-death": [tier, death] } }), "orders")).toEqual({
      id: "m-1",
      body: Buffer.from("body"),
      headers: { "x-death-reason": "delivery_limit" },
      key: "order.new",
      at: new Date(100_000),
      position: "order-events/order.new",
    });
  });

  it("is shown whatever a producer wrote where the broker tells of it", () => {
    const headers = { "x-death": [null, 5, { queue: "orders", time: 1e300 }] };
    expect(toDeadLetter(messageOf({ routingKey: "orders", headers }), "orders")).toEqual({
      id: "m-1",
      body: Buffer.from("body"),
      headers: { "x-death-reason": "" },
      position: "/",
    });
  });

  it("has a reason of the broker alone", () => {
    const headers = { "x-death-reason": "expired", tenant: "t" };
    expect(toDeadLetter(messageOf({ routingKey: "orders", headers }), "orders").headers).toEqual({ tenant: "t" });
  });

  it("that nobody says anything of ended at an unknown time, whenever it was published", () => {
    const letter = toDeadLetter(messageOf({ routingKey: "orders", timestamp: 7 }), "orders");
    expect(letter).toEqual({ id: "m-1", body: Buffer.from("body"), headers: {} });
  });
});
