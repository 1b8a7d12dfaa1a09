import { describe, expect, it } from "vitest";
import { moved } from "../../../client/rabbitmq/drain.ts";
import type { Received } from "../../../client/rabbitmq/rawBodies.ts";

const message = (more: Partial<Received>) =>
  ({
    body: Buffer.from("x"),
    messageId: "m1",
    exchange: "events",
    routingKey: "order.created",
    deliveryTag: 1,
    redelivered: true,
    contentType: "application/json",
    userId: "shop",
    ...more,
  }) as Received & { messageId: string };
const work = { from: "orders", to: "orders-v2", work: true };

describe("a message that is moved into another queue", () => {
  it("goes there by name, confirmed by identity, with its key in a header as in a retry", () => {
    expect(moved(message({ headers: { n: 1 } }), work)).toMatchObject({
      exchange: "",
      routingKey: "orders-v2",
      messageId: "m1",
      contentType: "application/json",
      headers: { n: 1, "x-key": "order.created" },
    });
  });

  it("keeps the key of a retry, its attempts and its expiration", () => {
    const headers = { "x-key": "order.created", "x-attempt": "2" };
    expect(moved(message({ routingKey: "orders", headers, expiration: "60000" }), work)).toMatchObject({
      headers,
      expiration: "60000",
    });
  });

  it("does not count deliveries by moves that were interrupted", () => {
    expect(moved(message({ headers: { "x-delivery-count": 3 } }), work).headers).toEqual({ "x-key": "order.created" });
  });

  it("leads nowhere else, and is not published in the name of its producer", () => {
    const out = moved(message({ headers: { CC: ["other"] } }), work);
    expect(out.headers).not.toHaveProperty("CC");
    expect(out).not.toHaveProperty("userId");
  });

  it("stays as it is as a dead letter, the broker's reasons included", () => {
    const headers = { "x-death": [{ queue: "orders", reason: "delivery_limit", count: 1 }], "x-error": "bad" };
    const move = { from: "orders.dlq", to: "orders-v2.dlq", work: false };
    expect(moved(message({ routingKey: "orders", headers }), move)).toMatchObject({
      routingKey: "orders-v2.dlq",
      headers,
    });
  });
});
