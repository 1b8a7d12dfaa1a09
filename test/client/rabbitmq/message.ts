import type { AsyncMessage, Channel } from "rabbitmq-client";
import library from "rabbitmq-client/lib/codec.js";
import { headerFrame, headersIn, type Properties, readHeaders, tableOf } from "../../../client/rabbitmq/content.ts";
import { keepRaw, newProperties, type Received } from "../../../client/rabbitmq/rawBodies.ts";

interface Frame {
  fields: object;
}

const { decodeFrame } = library as unknown as { decodeFrame(read: () => Promise<Buffer>): Promise<Frame> };

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

/** A message as the library hands it over on a channel that keeps it raw. */
export async function delivered(parts: {
  messageId?: string;
  table?: Buffer;
  deliveryTag?: number;
}): Promise<AsyncMessage> {
  const { messageId = "m-1", table, ...fields } = parts;
  const properties = new Map(newProperties({ messageId }));
  if (table) properties.set("headers", table);
  const frame = headerFrame(1, 0, properties);
  const pieces = [frame.subarray(0, 7), frame.subarray(7)];
  const frames: Frame[] = [];
  const channel = { _onHeader: (one: Frame) => void frames.push(one) };
  keepRaw(channel as unknown as Channel);
  channel._onHeader(await decodeFrame(async () => pieces.shift()!));
  const where = { exchange: "order-events", routingKey: "order.new", deliveryTag: 1 };
  return { ...where, body: Buffer.from("body"), ...frames[0]!.fields, ...fields } as AsyncMessage;
}

/** A table with a header `h` that nests so many tables (`F`) or lists (`A`). */
export function nestedTable(levels: number, type: "F" | "A"): Buffer {
  const entry = Buffer.from(type === "F" ? "\x01kF" : "A");
  // From the inside out, copying nothing: such a table takes up a whole frame.
  const sized = Array.from({ length: levels }, (_, inside) => {
    const size = Buffer.alloc(4);
    size.writeUInt32BE(inside * (4 + entry.length));
    return size;
  });
  const nested = sized.toReversed().flatMap((size, at) => (at === 0 ? [size] : [entry, size]));
  return tableOf([{ entry: Buffer.concat([Buffer.from(`\x01h${type}`), ...nested]) }]);
}

/** A table whose only header says that it is longer than the table. */
export const brokenTable = tableOf([{ entry: Buffer.from("\x01hS\0\0") }]);
