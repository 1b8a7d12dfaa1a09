import type { MessageAttributeValue } from "@aws-sdk/client-sqs";
import type { Headers } from "../headers.ts";

export type Attributes = Record<string, MessageAttributeValue>;

/** The one attribute that holds the headers, as a JSON map of text. */
export const HEADERS_ATTRIBUTE = "x-headers";
/** Attributes that a message may have. Source: SQS developer guide, message metadata. */
const MOST = 10;

/**
 * Headers as attributes: those that came as attributes of their own (`as`, of a producer who knows nothing of this contract) stay
 * such, as many as there is room for, and all others are one attribute.
 */
export function toAttributes(headers: Headers, as: Attributes): Attributes {
  const own = Object.entries(as)
    .filter(([name, value]) => name !== HEADERS_ATTRIBUTE && headers[name] === toText(value))
    .slice(0, MOST - 1);
  const kept = new Set(own.map(([name]) => name));
  const others = Object.entries(headers).filter(([name]) => !kept.has(name));
  return {
    ...Object.fromEntries(own),
    [HEADERS_ATTRIBUTE]: { DataType: "String", StringValue: toJson(Object.fromEntries(others)) },
  };
}

/** The headers of a message: what its attributes say, and over it what the one attribute says that holds headers. */
export function toHeaders(attributes: Attributes): Headers {
  const { [HEADERS_ATTRIBUTE]: map, ...others } = attributes;
  const texts = Object.entries(others).map(([name, value]) => [name, toText(value)]);
  return { ...Object.fromEntries(texts), ...fromJson(map) };
}

/** Bytes as base64; numbers are text to SQS, too. */
const toText = ({ StringValue, BinaryValue }: MessageAttributeValue): string =>
  StringValue ?? Buffer.from(BinaryValue ?? []).toString("base64");

// JSON escapes all other characters that SQS does not take.
const toJson = (headers: Headers): string =>
  JSON.stringify(headers).replace(/[\uFFFE\uFFFF]/g, (character) => `\\u${character.charCodeAt(0).toString(16)}`);

/** A map that somebody else wrote: whatever is no text becomes text, and what is no map is a header itself. */
function fromJson(value: MessageAttributeValue | undefined): Headers {
  if (value === undefined) return {};
  try {
    const map: unknown = JSON.parse(toText(value));
    if (typeof map === "object" && map !== null && !Array.isArray(map)) {
      return Object.fromEntries(
        Object.entries(map).map(([name, header]) => [
          name,
          typeof header === "string" ? header : JSON.stringify(header),
        ]),
      );
    }
  } catch {
    // Not JSON: below.
  }
  return { [HEADERS_ATTRIBUTE]: toText(value) };
}
