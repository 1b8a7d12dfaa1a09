import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import { type Headers, isContracts } from "../headers.ts";
import { textOfBytes } from "../headerText.ts";

export type Attributes = Record<string, MessageAttributeValue>;

/** The one attribute that holds headers, as a JSON map of text. */
export const HEADERS_ATTRIBUTE = "x-headers";
/** In that map, of a dead letter: attributes that had to make room for it, as JSON. */
const DISPLACED = "x-attributes";
/** The header of a dead letter that a redrive has put behind the others of its group: when it ended. */
export const KEPT = "x-kept";
/** Attributes that a message may have. Source: SQS developer guide, message metadata. */
const MOST = 10;

/** Headers that are ours to write. */
const isOurs = (name: string): boolean => isContracts(name) || name === KEPT;

/** The attributes of a new message. */
export const attributesOf = (headers: Headers): Attributes => ({
  [HEADERS_ATTRIBUTE]: { DataType: "String", StringValue: toJson(headers) },
});

/**
 * The attributes of a message that goes on, with these headers of ours in place of those that it has. All others stay as they came. A
 * message whose own ones leave no room for ours (ten, or an `x-headers` of another meaning) goes without ours; where it `ends`, the one
 * in their way is noted beside them, and is itself again as soon as it goes on from there.
 */
export function withHeaders(attributes: Attributes, ours: Headers, ends: boolean): Attributes {
  const { own, map } = partsOf(attributes);
  const staying = Object.entries(own).filter(([name, value]) => !isOurs(name) || ours[name] === toText(value));
  const said = new Set(staying.map(([name]) => name));
  const headers = Object.fromEntries([
    ...Object.entries(map).filter(([name]) => !isOurs(name)),
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

/** The attributes that a message came with, and what the one holds that is ours. */
function partsOf(attributes: Attributes): { own: Attributes; map: Headers } {
  const { [HEADERS_ATTRIBUTE]: holder, ...others } = attributes;
  const all = holder?.DataType === "String" ? mapIn(holder) : undefined;
  if (!isTexts(all)) return { own: attributes, map: {} };
  const displaced = read(all[DISPLACED]);
  if (displaced === undefined) return { own: others, map: all };
  const { [DISPLACED]: _, ...map } = all;
  return { own: { ...others, ...displaced }, map };
}

const toText = ({ StringValue, BinaryValue }: MessageAttributeValue): string =>
  StringValue ?? textOfBytes(BinaryValue ?? new Uint8Array());

// JSON escapes all other characters that SQS does not take.
const toJson = (headers: Headers): string =>
  JSON.stringify(headers).replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);

/** The map that is an attribute's value; undefined where it is none. */
function mapIn(value: MessageAttributeValue): Record<string, unknown> | undefined {
  try {
    const map: unknown = JSON.parse(toText(value));
    return typeof map === "object" && map !== null && !Array.isArray(map)
      ? (map as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it is a map of text, as this contract writes it: of any other, JSON read and written again may not be the same. */
const isTexts = (map: Record<string, unknown> | undefined): map is Headers =>
  map !== undefined && Object.values(map).every((value) => typeof value === "string");

/** What an attribute `x-headers` of another meaning says: a map's values that are no text as JSON, and what is no map is a header itself. */
function foreignHeaders(value: MessageAttributeValue): Headers {
  const map = mapIn(value);
  if (map === undefined) return { [HEADERS_ATTRIBUTE]: toText(value) };
  const texts = Object.entries(map).map(([name, header]) => [
    name,
    typeof header === "string" ? header : JSON.stringify(header),
  ]);
  return Object.fromEntries(texts);
}

const written = (displaced: readonly [string, MessageAttributeValue][]): string =>
  JSON.stringify(
    displaced.map(([name, { DataType, StringValue, BinaryValue }]) => [
      name,
      DataType,
      StringValue ?? Buffer.from(BinaryValue ?? []).toString("base64"),
    ]),
  );

/** The attributes that were written so; undefined where it is something else, as of an app that has such a header. */
function read(text: string | undefined): Attributes | undefined {
  try {
    const all = JSON.parse(text ?? "") as [name: string, type: string, value: string][];
    return Object.fromEntries(
      all.map(([name, DataType, value]) => [
        name,
        DataType.startsWith("Binary")
          ? { DataType, BinaryValue: Buffer.from(value, "base64") }
          : { DataType, StringValue: value.toString() },
      ]),
    );
  } catch {
    return undefined;
  }
}
