import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { HEADERS, type Headers, isContracts } from "../headers.ts";
import { textOfBytes } from "../headerText.ts";

export type Attributes = Record<string, MessageAttributeValue>;

/** The one attribute that holds headers, as a JSON map of text. */
export const HEADERS_ATTRIBUTE = "x-headers";
/** In that map, of a dead letter: attributes that had to make room for it, as JSON. */
const DISPLACED = "x-attributes";
/** In that map, of a dead letter that an earlier version has put behind the others of its group: when it ended. */
const KEPT = "x-kept";
/** Attributes that a message may have. Source: SQS developer guide, message metadata. */
const MOST = 10;

/** The attributes of a new message. */
export const attributesOf = (headers: Headers): Attributes => ({
  [HEADERS_ATTRIBUTE]: { DataType: "String", StringValue: toJson(headers) },
});

/**
 * The attributes of a message that goes on, with these headers of ours in place of those that it has. All others stay as they came. A
 * message whose own ones leave no room for ours (ten, or an `x-headers` that we would not write so) goes without ours; where it `ends`,
 * the one in their way is noted beside them, and is itself again as soon as it goes on from there.
 */
export function withHeaders(attributes: Attributes, ours: Headers, ends: boolean): Attributes {
  const { own, map } = partsOf(attributes);
  const staying = Object.entries(own).filter(([name, value]) => !isContracts(name) || ours[name] === toText(value));
  const said = new Set(staying.map(([name]) => name));
  const headers = Object.fromEntries([
    ...Object.entries(map).filter(([name]) => !isContracts(name)),
    ...Object.entries(ours).filter(([name]) => !said.has(name)),
  ]);
  if (Object.keys(headers).length === 0) return Object.fromEntries(staying);
  const beside = staying.filter(([name]) => name !== HEADERS_ATTRIBUTE).slice(0, MOST - 1);
  const displaced = staying.filter((entry) => !beside.includes(entry));
  if (displaced.length === 0) return { ...Object.fromEntries(staying), ...attributesOf(headers) };
  if (!ends) return Object.fromEntries(staying);
  return { ...Object.fromEntries(beside), ...attributesOf({ ...headers, [DISPLACED]: written(displaced) }) };
}

/** The headers of a message as text: what its attributes say, and over it what the one attribute says that holds headers. */
export function toHeaders(attributes: Attributes): Headers {
  const { own, map } = partsOf(attributes);
  const { [HEADERS_ATTRIBUTE]: foreign, ...others } = own;
  const texts = Object.entries(others).map(([name, value]) => [name, toText(value)]);
  return { ...Object.fromEntries(texts), ...(foreign && foreignHeaders(foreign)), ...map };
}

/**
 * A dead letter that an earlier version has put to the end of its queue: its attributes without that version's note, and the note, when
 * it ended (that of the first versions names the redrive before it).
 */
export function withoutKept(attributes: Attributes): { attributes: Attributes; kept?: string } {
  const { [KEPT]: kept, ...map } = mapIn(attributes[HEADERS_ATTRIBUTE]) ?? {};
  if (typeof kept !== "string") return { attributes };
  return { attributes: { ...attributes, ...attributesOf(map as Headers) }, kept: kept.split(" ").at(-1)! };
}

/** The attributes that a message came with, and what the one holds that is ours. */
function partsOf(attributes: Attributes): { own: Attributes; map: Headers } {
  const { [HEADERS_ATTRIBUTE]: holder, ...others } = attributes;
  const all = holder && writableMap(holder);
  if (all === undefined) return { own: attributes, map: {} };
  const { [DISPLACED]: note, ...map } = all;
  if (note === undefined) return { own: others, map };
  const own = Object.keys(map).every(isContracts) ? withDisplaced(others, note) : undefined;
  // Of an app: it has a header of that name.
  return own === undefined ? { own: attributes, map: {} } : { own, map };
}

/**
 * The map that an attribute is, where nothing of it is lost when it is written again: a map of text, as this client writes it. The JSON
 * of others has other spaces, another order, or names twice; it stays as it is but in their dead letters, whose entries are the contract's.
 */
function writableMap(value: MessageAttributeValue): Headers | undefined {
  const map = value.DataType === "String" ? mapIn(value) : undefined;
  if (map === undefined || Object.values(map).some((header) => typeof header !== "string")) return undefined;
  const headers = map as Headers;
  return toJson(headers) === value.StringValue || ofDeadLetters.every((name) => name in headers) ? headers : undefined;
}

const ofDeadLetters = [HEADERS.id, HEADERS.origin, HEADERS.originPosition, HEADERS.consumer];

const toText = ({ StringValue, BinaryValue }: MessageAttributeValue): string =>
  StringValue ?? textOfBytes(BinaryValue ?? new Uint8Array());

// JSON escapes all other characters that SQS does not take.
const toJson = (headers: Headers): string =>
  JSON.stringify(headers).replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);

/** The map that is an attribute's value; undefined where it is none. */
function mapIn(value: MessageAttributeValue | undefined): Record<string, unknown> | undefined {
  try {
    const map: unknown = JSON.parse(value ? toText(value) : "");
    return typeof map === "object" && map !== null && !Array.isArray(map)
      ? (map as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** What an attribute `x-headers` of another meaning says: a map's values that are no text as JSON, and what is no map, or cannot be told so, is a header itself. */
function foreignHeaders(value: MessageAttributeValue): Headers {
  const map = mapIn(value);
  return (map && textsIn(map)) ?? { [HEADERS_ATTRIBUTE]: toText(value) };
}

/** A map's values as text; undefined where one is nested too deep for JavaScript to write it. */
function textsIn(map: Record<string, unknown>): Headers | undefined {
  try {
    const texts = Object.entries(map).map(([name, header]) => [
      name,
      typeof header === "string" ? header : JSON.stringify(header),
    ]);
    return Object.fromEntries(texts);
  } catch {
    return undefined;
  }
}

const written = (displaced: readonly [string, MessageAttributeValue][]): string =>
  JSON.stringify(
    displaced.map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      DataType,
      StringValue ?? Buffer.from(BinaryValue ?? []).toString("base64"),
    ]),
  );

/**
 * The attributes of a message together with those that made room, by our note; undefined where the note is not ours: it is not as we
 * write it, or nothing had to make room.
 */
function withDisplaced(others: Attributes, note: string): Attributes | undefined {
  const displaced = read(note);
  if (displaced?.length !== 1 || written(displaced) !== note) return undefined;
  const own = { ...others, ...Object.fromEntries(displaced) };
  const foreign = own[HEADERS_ATTRIBUTE] !== undefined;
  const madeRoom = foreign ? HEADERS_ATTRIBUTE in partsOf(own).own : Object.keys(own).length === MOST;
  return madeRoom ? own : undefined;
}

/** Reads what {@link written} wrote; undefined where it is something else. */
function read(note: string): [string, MessageAttributeValue][] | undefined {
  try {
    const all = JSON.parse(note) as [name: string, type: string, value: string][];
    if (all.flat().some((part) => typeof part !== "string")) return undefined;
    return all.map(([name, DataType, value]) => [
      name,
      DataType.startsWith("Binary")
        ? { DataType, BinaryValue: Buffer.from(value, "base64") }
        : { DataType, StringValue: value },
    ]);
  } catch {
    return undefined;
  }
}
