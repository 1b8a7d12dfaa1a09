import { headersIn, type Properties, readHeaders } from "../../../client/rabbitmq/content.ts";
import { newProperties, type Received } from "../../../client/rabbitmq/rawBodies.ts";

/** A message as it comes from the queue `orders`, with these parts in place of the usual ones. */
export function messageOf(parts: Partial<Received> = {}): Received & { messageId: string } {
  const usual = {
    exchange: "order-events",
    routingKey: "order.new",
    deliveryTag: 1,
    redelivered: false,
    messageId: "m-1",
    body: Buffer.from("body"),
    ...(parts as object),
  };
  return { properties: newProperties(usual), ...usual };
}

/** A message with these bytes as the table of its headers. */
export const messageWith = (table: Buffer): Received & { messageId: string } => {
  const message = messageOf();
  const properties = new Map(message.properties).set("headers", table);
  return { ...message, properties, headers: readHeaders(table) };
};

/** The headers among a message's properties, as they are read. */
export const headersOf = (properties: Properties): Record<string, unknown> => readHeaders(properties.get("headers"));

/** The entries of the headers among a message's properties, as they stand in the frame. */
export const entriesOf = (properties: Properties): string[] =>
  headersIn(properties.get("headers")).map(({ entry }) => entry.toString("latin1"));
