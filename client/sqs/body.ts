import type { Headers } from "../headers.ts";
import { utf8 } from "../headerText.ts";

/** The header that says what a body is where it could not be sent as it is: `base64`, or `empty`, which SQS does not take either. */
export const BODY_ENCODING = "x-body-encoding";

// What SQS takes, source: SQS API reference, SendMessage.
const unsendable = /[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u;

/** Whether SQS takes a text as it is. */
export const isSendable = (text: string): boolean => !unsendable.test(text);

/** A body as SQS takes it, and the header that tells how it was changed for that. */
export function toBody(body: string | Uint8Array): { text: string; encoding: Headers } {
  if (body.length === 0) return { text: "-", encoding: { [BODY_ENCODING]: "empty" } };
  const text = typeof body === "string" ? body : utf8(body);
  if (text !== undefined && isSendable(text)) return { text, encoding: {} };
  return { text: Buffer.from(body as string).toString("base64"), encoding: { [BODY_ENCODING]: "base64" } };
}

/** A body as it was published, and the headers without the one that was for the way. */
export function fromBody(text: string, headers: Headers): { body: Buffer; headers: Headers } {
  const { [BODY_ENCODING]: encoding, ...others } = headers;
  if (encoding === "empty") return { body: Buffer.alloc(0), headers: others };
  return { body: Buffer.from(text, encoding === "base64" ? "base64" : "utf8"), headers: others };
}
