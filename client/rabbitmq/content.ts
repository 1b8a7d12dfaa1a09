import { textOfBytes } from "../headerText.ts";
import { RefusedError } from "../message.ts";

/*
 * The header frame of a message, AMQP 0-9-1 section 4.2.6, read and written without changing a byte. The library reads numbers, bytes
 * and decimals into what it writes back as something else: 9007199254740993 becomes …992, a double a byte.
 */

const PROPERTIES = [
  ["contentType", "text"],
  ["contentEncoding", "text"],
  ["headers", "table"],
  ["deliveryMode", 1],
  ["priority", 1],
  ["correlationId", "text"],
  ["replyTo", "text"],
  ["expiration", "text"],
  ["messageId", "text"],
  ["timestamp", 8],
  ["type", "text"],
  ["userId", "text"],
  ["appId", "text"],
  ["clusterId", "text"],
] as const;

type Property = (typeof PROPERTIES)[number][0];

/** The properties that a message has, each as its bytes stand in the frame. */
export type Properties = ReadonlyMap<Property, Buffer>;

/** A header: its name, the letter of its type, and all of its bytes, name and type included. */
export interface RawHeader {
  name: string;
  type: string;
  value: Buffer;
  entry: Buffer;
}

// Class, weight and size of the body stand before the flags, which have a bit for each property, the first one the highest.
const FLAGS_AT = 12;
const flagAt = (index: number): number => 0x8000 >> index;

/** The properties in the payload of a header frame. */
export function readProperties(payload: Buffer): Properties {
  const flags = payload.readUInt16BE(FLAGS_AT);
  const found = new Map<Property, Buffer>();
  let at = FLAGS_AT + 2;
  for (const [index, [name, form]] of PROPERTIES.entries()) {
    if (!(flags & flagAt(index))) continue;
    const end = at + sizeAt(payload, at, form);
    found.set(name, payload.subarray(at, end));
    at = end;
  }
  return found;
}

const sizeAt = (payload: Buffer, at: number, form: "text" | "table" | number): number =>
  typeof form === "number" ? form : form === "text" ? 1 + payload.readUInt8(at) : 4 + payload.readUInt32BE(at);

const BASIC_CLASS = 60;
const HEADER_FRAME = 2;
export const FRAME_END = 206;
/** What a frame has around its payload. */
const AROUND_PAYLOAD = 8;

/** The header frame of a message with these properties. */
export function headerFrame(channel: number, bodySize: number, properties: Properties): Buffer {
  const present = PROPERTIES.flatMap(([name], index) => {
    const value = properties.get(name);
    return value ? [{ value, flag: flagAt(index) }] : [];
  });
  const values = present.map(({ value }) => value);
  const size = FLAGS_AT + 2 + values.reduce((sum, { length }) => sum + length, 0);
  const head = Buffer.alloc(AROUND_PAYLOAD - 1 + FLAGS_AT + 2);
  head.writeUInt8(HEADER_FRAME, 0);
  head.writeUInt16BE(channel, 1);
  head.writeUInt32BE(size, 3);
  head.writeUInt16BE(BASIC_CLASS, 7);
  head.writeBigUInt64BE(BigInt(bodySize), 11);
  head.writeUInt16BE(
    present.reduce((flags, { flag }) => flags | flag, 0),
    19,
  );
  return Buffer.concat([head, ...values, Buffer.from([FRAME_END])]);
}

/** What a frame counts against the broker's `frame_max`: RabbitMQ lets the eight bytes around the payload go beyond it. */
export const payloadSize = (frame: Buffer): number => frame.length - AROUND_PAYLOAD;

/** The headers in a table, in their order. */
export function headersIn(table: Buffer | undefined): RawHeader[] {
  if (!table) return [];
  const found: RawHeader[] = [];
  for (let at = 4; at < table.length; ) {
    const typeAt = at + 1 + table.readUInt8(at);
    const end = typeAt + 1 + valueSize(table, typeAt);
    found.push({
      name: table.toString("utf8", at + 1, typeAt),
      type: String.fromCharCode(table.readUInt8(typeAt)),
      value: table.subarray(typeAt + 1, end),
      entry: table.subarray(at, end),
    });
    at = end;
  }
  return found;
}

/** The table of these headers. */
export function tableOf(headers: readonly Pick<RawHeader, "entry">[]): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32BE(headers.reduce((sum, { entry }) => sum + entry.length, 0));
  return Buffer.concat([size, ...headers.map(({ entry }) => entry)]);
}

/** A header of text. */
export function textHeader(name: string, text: string): Pick<RawHeader, "name" | "entry"> {
  const value = Buffer.from(text);
  const size = Buffer.alloc(5, "S");
  size.writeUInt32BE(value.length, 1);
  return { name, entry: Buffer.concat([shortText(name), size, value]) };
}

// One byte says how long a short string of AMQP 0-9-1 is: a property, a name, a routing key. The library would cut a longer one.
const LONGEST_SHORT_TEXT = 255;

/** Whether text fits where AMQP 0-9-1 has a short string. */
export const isShort = (text: string): boolean => Buffer.byteLength(text) <= LONGEST_SHORT_TEXT;

/** Throws a RefusedError where an app's text does not fit; `what` names it. */
export function mustBeShort(text: string, what: string): void {
  if (!isShort(text)) throw new RefusedError(`${what}: must be at most ${LONGEST_SHORT_TEXT} bytes long`);
}

/** Text as a property or a name is written. Throws a RangeError where it does not fit: what follows in the frame would be read wrongly. */
export function shortText(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > LONGEST_SHORT_TEXT) {
    throw new RangeError(`short text must be at most ${LONGEST_SHORT_TEXT} bytes long, got ${bytes.length}`);
  }
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

// By the letters of RabbitMQ's own table of types, which is not the specification's.
const SIZES: Record<string, number> = {
  t: 1,
  b: 1,
  B: 1,
  s: 2,
  u: 2,
  I: 4,
  i: 4,
  f: 4,
  D: 5,
  l: 8,
  L: 8,
  d: 8,
  T: 8,
  V: 0,
};

function valueSize(bytes: Buffer, typeAt: number): number {
  const type = String.fromCharCode(bytes.readUInt8(typeAt));
  return SIZES[type] ?? 4 + bytes.readUInt32BE(typeAt + 1);
}

// How deep tables and lists are read: a frame has room for more levels than JavaScript's stack.
const DEEPEST = 100;

/** Headers as people and programs read them; of a name that stands there twice the last. */
export const readHeaders = (headers: readonly RawHeader[], depth = 0): Record<string, unknown> =>
  Object.fromEntries(headers.map(({ name, type, value }) => [name, read(type, value, depth)]));

/** A value: bytes, decimals and what is nested too deep as text, numbers that JavaScript cannot hold as a bigint. */
function read(type: string, value: Buffer, depth: number): unknown {
  switch (type) {
    case "t":
      return value[0] !== 0;
    case "b":
      return value.readInt8();
    case "B":
      return value.readUInt8();
    case "s":
      return value.readInt16BE();
    case "u":
      return value.readUInt16BE();
    case "I":
      return value.readInt32BE();
    case "i":
      return value.readUInt32BE();
    case "l":
    case "L":
      return exact(value.readBigInt64BE());
    case "T":
      return exact(value.readBigUInt64BE());
    case "f":
      return value.readFloatBE();
    case "d":
      return value.readDoubleBE();
    case "D":
      return decimal(value.readUInt8(), value.readInt32BE(1));
    case "V":
      return null;
    case "F":
      return depth < DEEPEST ? readHeaders(headersIn(value), depth + 1) : textOf(value);
    case "A":
      return depth < DEEPEST ? readArray(value, depth + 1) : textOf(value);
    default:
      return textOf(value);
  }
}

/** The text of bytes that come after their length. */
const textOf = (value: Buffer): string => textOfBytes(value.subarray(4));

function readArray(bytes: Buffer, depth: number): unknown[] {
  const found: unknown[] = [];
  for (let at = 4; at < bytes.length; ) {
    const end = at + 1 + valueSize(bytes, at);
    found.push(read(String.fromCharCode(bytes.readUInt8(at)), bytes.subarray(at + 1, end), depth));
    at = end;
  }
  return found;
}

const exact = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);

/** 1234 with two places is `12.34`. */
function decimal(places: number, value: number): string {
  const digits = String(Math.abs(value)).padStart(places + 1, "0");
  const whole = digits.slice(0, digits.length - places);
  return `${value < 0 ? "-" : ""}${whole}${places > 0 ? `.${digits.slice(-places)}` : ""}`;
}
