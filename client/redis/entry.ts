import { HEADERS, type Headers } from "../headers.ts";
import type { Entry } from "./replies.ts";

/** The field that holds a message's body. Each header is a field of its own beside it. */
export const BODY = "body";

/** What an entry says, in the words of the contract. */
export interface Content {
  /** The message's identity; of a foreign producer's entry: the entry's id. */
  id: string;
  key?: string;
  headers: Headers;
  body: Buffer;
}

const contractHeaders = new Set<string>(Object.values(HEADERS));

/** Reads an entry. Where a foreign producer gave it no `body`, the body is its own fields as JSON. */
export function toContent({ id, fields }: Entry): Content {
  const named = fields.map(([name, value]) => [name.toString(), value] as const);
  const headers = Object.fromEntries(
    named.filter(([name]) => name !== BODY).map(([name, value]) => [name, value.toString()]),
  );
  const body = named.findLast(([name]) => name === BODY)?.[1] ?? jsonOf(headers);
  const key = headers[HEADERS.key];
  return { id: headers[HEADERS.id] ?? id, headers, body, ...(key !== undefined && { key }) };
}

/** The fields of a message that is published, for XADD. */
export const toFields = (headers: Headers, body: string | Uint8Array): (string | Buffer)[] => [
  BODY,
  typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength),
  ...Object.entries(headers).flat(),
];

/** The fields of an entry with these headers in place of its own, for XADD. What does not change is kept byte for byte. */
export function withHeaders(entry: Entry, headers: Headers): (string | Buffer)[] {
  const before = toContent(entry).headers;
  const kept = entry.fields.filter(([raw]) => {
    const name = raw.toString();
    return name === BODY || (name in headers && headers[name] === before[name]);
  });
  const changed = Object.entries(headers).filter(([name, value]) => value !== before[name]);
  return [...kept, ...changed].flat();
}

const jsonOf = (headers: Headers): Buffer =>
  Buffer.from(
    JSON.stringify(Object.fromEntries(Object.entries(headers).filter(([name]) => !contractHeaders.has(name)))),
  );
