import type { Received } from "../../../client/rabbitmq/rawBodies.ts";

/** A message as it comes from the queue `orders`, with these parts in place of the usual ones. */
export const messageOf = (parts: Partial<Received> = {}): Received & { messageId: string } => ({
  exchange: "order-events",
  routingKey: "order.new",
  deliveryTag: 1,
  redelivered: false,
  messageId: "m-1",
  body: Buffer.from("body"),
  ...(parts as object),
});
