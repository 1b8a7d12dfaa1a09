import { describe, expect, it } from "vitest";
import { addedTo, moved, type QueueMove } from "../../../client/rabbitmq/drain.ts";
import type { Received } from "../../../client/rabbitmq/rawBodies.ts";
import { headersOf, messageOf } from "./message.ts";

const work = { from: "orders", to: "orders-v2", work: true };

/** A message of these parts as it goes into the new queue. */
function movedBy(move: QueueMove, parts: Partial<Received>) {
  const message = messageOf({ exchange: "events", routingKey: "order.created", userId: "shop", ...parts });
  const { properties, ...place } = moved(message, move, addedTo(message, move));
  return { ...place, properties, headers: headersOf(properties) };
}

describe("a message that is moved into another queue", () => {
  it("goes there by name, confirmed by identity, with its key in a header as in a retry", () => {
    const out = movedBy(work, { headers: { n: 1 } });
    expect(out).toMatchObject({
      exchange: "",
      routingKey: "orders-v2",
      messageId: "m-1",
      headers: { n: 1, "x-key": "order.created" },
    });
  });

  it("keeps the key of a retry, its attempts and its expiration", () => {
    const headers = { "x-key": "order.created", "x-attempt": "2", "x-expiration": "500" };
    const out = movedBy(work, { routingKey: "orders", headers, expiration: "60000" });
    expect(out.headers).toEqual(headers);
    expect(out.properties.get("expiration")?.toString()).toBe("\u000560000");
  });

  it("does not count deliveries by moves that were interrupted", () => {
    expect(movedBy(work, { headers: { "x-delivery-count": 3 } }).headers).toEqual({ "x-key": "order.created" });
  });

  it("leads nowhere else, and is not published in the name of its producer", () => {
    const out = movedBy(work, { headers: { CC: ["other"] } });
    expect(out.headers).not.toHaveProperty("CC");
    expect(out.properties.has("userId")).toBe(false);
  });

  it("stays as it is as a dead letter, the broker's reasons included", () => {
    const headers = { "x-death": [{ queue: "orders", reason: "delivery_limit", count: 1 }], "x-error": "bad" };
    const move = { from: "orders.dlq", to: "orders-v2.dlq", work: false };
    expect(movedBy(move, { routingKey: "orders", headers })).toMatchObject({ routingKey: "orders-v2.dlq", headers });
  });
});
