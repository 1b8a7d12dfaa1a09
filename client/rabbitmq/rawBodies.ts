import type { AsyncMessage, Channel, Envelope, SyncMessage } from "rabbitmq-client";
import codec from "rabbitmq-client/lib/codec.js";
import { isContractsOnRabbitmq } from "../headers.ts";
import { textOfBytes } from "../headerText.ts";
import { RefusedError } from "../message.ts";
import {
  FRAME_END,
  headerFrame,
  headersIn,
  type Properties,
  type RawHeader,
  readHeaders,
  readProperties,
} from "./content.ts";

/** A message as it came: its properties and its body as bytes, whatever its content type says, and its headers as they are read. */
export type Received = Omit<AsyncMessage & Partial<SyncMessage>, "body" | "consumerTag" | "contentType"> & {
  body: Buffer;
  properties: Properties;
};

// Where the library keeps what is not its own. A message of another user of the library never has them.
const PROPERTIES = Symbol("properties");
const FRAME = Symbol("header frame");

interface Frame {
  type: number;
  fields: Record<string | symbol, unknown>;
}

interface Internals {
  _onHeader(frame: Frame): void;
  _state: { maxFrameSize: number; incoming?: { methodFrame: Frame } };
}

interface Codec {
  decodeFrame(read: (size: number) => Promise<Buffer>): Promise<Frame>;
  genContentFrames(channel: number, params: object, body: Buffer, frameMax: number): Generator<Buffer>;
  encodeFrame(frame: object): Buffer;
}

const METHOD_FRAME = 1;
const HEADER_FRAME = 2;
/** Where the header frame stands among those of a message, from 0. */
const HEADER_AT = 1;

/** The payload of each frame that the library has read, bodies aside. */
const payloads = new WeakMap<Frame, Buffer>();

// The library asks its codec by these names at each call. What it reads and writes for others stays as it is.
const library = codec as unknown as Codec;
const { decodeFrame, genContentFrames } = library;
library.decodeFrame = async (read) => {
  const parts: Buffer[] = [];
  const noted = async (size: number) => {
    const part = await read(size);
    parts.push(part);
    return part;
  };
  const frame = await decodeFrame(noted).catch((error) => withoutHeaders(parts, error));
  if (frame.type === HEADER_FRAME || frame.type === METHOD_FRAME) payloads.set(frame, parts[1]!);
  return frame;
};
library.genContentFrames = function* (channel, params, body, frameMax) {
  const { [FRAME]: header } = params as { [FRAME]?: Buffer };
  let at = 0;
  for (const frame of genContentFrames(channel, params, body, frameMax)) {
    yield (at === HEADER_AT && header) || frame;
    at++;
  }
};

/**
 * Reads a header frame without its headers where the library cannot read those, as when they are nested thousands of levels deep: it
 * would end the connection, and then that of the next consumer that gets the message.
 */
function withoutHeaders([head, payload]: Buffer[], error: unknown): Promise<Frame> {
  if (head?.[0] !== HEADER_FRAME || payload?.at(-1) !== FRAME_END) throw error;
  const properties = new Map(readProperties(payload));
  properties.delete("headers");
  const frame = headerFrame(head.readUInt16BE(1), Number(payload.readBigUInt64BE(4)), properties);
  const parts = [frame.subarray(0, 7), frame.subarray(7)];
  return decodeFrame(async () => parts.shift()!);
}

/**
 * Keeps the library from reading a message: a body that is parsed by its content type and written again on a retry is not what was
 * published, and neither are headers. The properties go on beside what the library reads; {@link received} puts them in its place.
 */
export function keepRaw(channel: Channel): void {
  const internals = channel as unknown as Internals;
  const onHeader = internals._onHeader.bind(channel);
  internals._onHeader = (frame) => {
    const { contentType: _, ...fields } = frame.fields;
    // Without it the library ends the connection.
    const method = internals._state.incoming?.methodFrame;
    const routingKey = method && routingKeyIn(payloads.get(method)!);
    onHeader({ ...frame, fields: { ...fields, routingKey, [PROPERTIES]: readProperties(payloads.get(frame)!) } });
  };
}

// AMQP 0-9-1, section 1.8.3: the methods that a message comes with. The third is basic.return.
const DELIVER = 60;
const GET_OK = 71;

/** The routing key in such a method, as headers are told: the library loses the bytes of one that is no UTF-8. */
function routingKeyIn(payload: Buffer): string {
  const behindText = (at: number) => at + 1 + payload.readUInt8(at);
  const method = payload.readUInt16BE(2);
  // Behind the delivery tag and whether it is redelivered, or behind the code and the text of a return.
  const exchangeAt = method === DELIVER ? behindText(4) + 9 : method === GET_OK ? 13 : behindText(6);
  const keyAt = behindText(exchangeAt);
  return textOfBytes(payload.subarray(keyAt + 1, behindText(keyAt)));
}

/** The contract's headers are text; one of another type is as if it were not there. */
const counts = ({ name, type }: RawHeader): boolean => type === "S" || !isContractsOnRabbitmq(name);

/** A message of a channel that keeps it raw. Throws a RefusedError where its headers cannot be read. */
export function received(message: AsyncMessage | SyncMessage): Received {
  const { [PROPERTIES]: properties, ...rest } = message as Received & { [PROPERTIES]: Properties };
  try {
    return { ...rest, headers: readHeaders(headersIn(properties.get("headers")).filter(counts)), properties };
  } catch (cause) {
    const why = (cause as Error).message;
    throw new RefusedError(`message ${rest.messageId}: its headers cannot be read: ${why}`, { cause });
  }
}

/** The properties of a new message. */
export const newProperties = (envelope: Envelope): Properties =>
  readProperties(
    library.encodeFrame({ type: HEADER_FRAME, channelId: 0, bodySize: 0, fields: persistent(envelope) }).subarray(7),
  );

const persistent = (envelope: Envelope) => ({ ...envelope, deliveryMode: 2 });

/** The header frame of a message on a channel, and the most bytes that its payload may have there. */
export const framed = (channel: Channel, properties: Properties, body: Buffer): { frame: Buffer; limit: number } => ({
  frame: headerFrame(channel.id, body.length, properties),
  limit: (channel as unknown as Internals)._state.maxFrameSize,
});

/** Publishes a message with this header frame; see `basicPublish` of the library. */
export const publishFramed = (
  channel: Channel,
  { exchange, routingKey }: { exchange: string; routingKey: string },
  frame: Buffer,
  body: Buffer,
): Promise<void> => channel.basicPublish({ exchange, routingKey, mandatory: true, [FRAME]: frame } as Envelope, body);
