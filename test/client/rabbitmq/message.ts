import type { AsyncMessage, Channel } from "rabbitmq-client";
import library from "rabbitmq-client/lib/codec.js";
import { headerFrame, headersIn, type Properties, readHeaders, tableOf } from "../../../client/rabbitmq/content.ts";
import { keepRaw, newProperties, type Received } from "../../../client/rabbitmq/rawBodies.ts";

interface Frame {
  fields: object;
  params: object;
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
  return { ...message, properties, headers: readHeaders(headersIn(table)) };
};

/** The headers among a message's properties, as they are read. */
export const headersOf = (properties: Properties): Record<string, unknown> =>
  readHeaders(headersIn(properties.get("headers")));

/** The entries of the headers among a message's properties, as they stand in the frame. */
export const entriesOf = (properties: Properties): string[] =>
  headersIn(properties.get("headers")).map(({ entry }) => entry.toString("latin1"));

const decoded = (frame: Buffer): Promise<Frame> => {
  const pieces = [frame.subarray(0, 7), frame.subarray(7)];
  return decodeFrame(async () => pieces.shift()!);
};

/** The frame of a method on channel 1. */
const methodFrame = (payload: Buffer): Buffer => {
  const head = Buffer.from([1, 0, 1, 0, 0, 0, 0]);
  head.writeUInt32BE(payload.length, 3);
  return Buffer.concat([head, payload, Buffer.from([206])]);
};

const usualDelivery = Buffer.from("\0\x3c\0\x3c\x03tag\0\0\0\0\0\0\0\x01\0\x0corder-events\x09order.new");

/** A message as the library hands it over on a channel that keeps it raw. */
export async function delivered(parts: {
  messageId?: string;
  table?: Buffer;
  deliveryTag?: number;
  /** What gives it out, as the library reads it. */
  method?: Buffer;
}): Promise<AsyncMessage> {
  const { messageId = "m-1", table, method = usualDelivery, ...fields } = parts;
  const properties = new Map(newProperties({ messageId }));
  if (table) properties.set("headers", table);
  const frame = headerFrame(1, 0, properties);
  const frames: Frame[] = [];
  const incoming = { methodFrame: await decoded(methodFrame(method)) };
  const channel = { _onHeader: (one: Frame) => void frames.push(one), _state: { incoming } };
  keepRaw(channel as unknown as Channel);
  channel._onHeader(await decoded(frame));
  return { ...incoming.methodFrame.params, body: Buffer.from("body"), ...frames[0]!.fields, ...fields } as AsyncMessage;
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
