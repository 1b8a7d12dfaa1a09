import { HEADERS, type Headers, isContracts } from "../headers.ts";
import { textOfBytes } from "../headerText.ts";
import type { Entry } from "./replies.ts";

/** The field that holds a message's body. Each header is a field of its own beside it. */
export const BODY = "body";

/** What an entry says, in the words of the contract. */
export interface Content {
  /** The message's identity; of a foreign producer's entry: the entry's id. */
  id: string;
  key?: string;
  /** The text view of all fields but the body's: of a name that is repeated the last value, as Redis clients have it. */
  headers: Headers;
  /** The last `body` where there are several. */
  body: Buffer;
}

/** Reads an entry. Where a foreign producer gave it no `body`, the body is its own fields as JSON. */
export function toContent({ id, fields }: Entry): Content {
  const headers = Object.fromEntries(fields.filter(([name]) => !isBody(name)).map(toText));
  const body = fields.findLast(([name]) => isBody(name))?.[1] ?? jsonOf(headers);
  const key = headers[HEADERS.key];
  return { id: headers[HEADERS.id] ?? id, headers, body, ...(key !== undefined && { key }) };
}

/** The fields of a message that is published, for XADD. */
export const toFields = (headers: Headers, body: string | Uint8Array): (string | Buffer)[] => [
  BODY,
  typeof body === "string" ? body : Buffer.from(body.buffer, body.byteOffset, body.byteLength),
  ...Object.entries(headers).flat(),
];

/**
 * The fields of an entry with these headers of the contract in place of those that it has, for XADD. All others are kept byte for byte,
 * in order and as often as they stand there; so is what a foreign producer wrote under a contract's name, where its text stays.
 */
export function withHeaders({ fields }: Entry, contract: Headers): (string | Buffer)[] {
  const own = fields.filter(([name]) => !isContracts(name.toString()));
  const ours = Object.entries(contract).map(([name, text]) => {
    const before = fields.findLast(([raw]) => raw.toString() === name)?.[1];
    return [name, before && textOfBytes(before) === text ? before : text];
  });
  return [...own, ...ours].flat();
}

const isBody = (name: Buffer): boolean => name.toString() === BODY;

const toText = ([name, value]: [Buffer, Buffer]): [string, string] => [textOfBytes(name), textOfBytes(value)];

const jsonOf = (headers: Headers): Buffer =>
  Buffer.from(JSON.stringify(Object.fromEntries(Object.entries(headers).filter(([name]) => !isContracts(name)))));
