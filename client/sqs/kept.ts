import { HEADERS, type Headers } from "../headers.ts";
import { type Entry, type Envelope, forwarded } from "./envelope.ts";

/** The header of a dead letter that a redrive has put behind the others of its group: `<the redrive> <when it ended>`. */
export const KEPT = "x-kept";

/** A dead letter on its way to the end of its own queue, so that those behind it in its group can be seen. */
export function toEnd(envelope: Envelope, take: string): Entry {
  const ended = keptAt(envelope.headers) ?? envelope.sentAt;
  const headers: Headers = { ...envelope.headers, [KEPT]: `${take} ${ended.toISOString()}` };
  // The same whenever it is tried: after a crash it is not there twice.
  return forwarded(envelope, headers, `${envelope.messageId}-kept`);
}

/** Whether this take has put it to the end already. */
export const wasKeptBy = (headers: Headers, take: string): boolean => headers[KEPT]?.split(" ")[0] === take;

/** When a dead letter ended that was put to the end of its queue since. */
export function keptAt(headers: Headers): Date | undefined {
  const at = new Date(headers[KEPT]?.split(" ")[1] ?? "");
  return Number.isNaN(at.getTime()) ? undefined : at;
}

/** A dead letter on its way back. Tried again within five minutes, SQS adds nothing: a crash in between duplicates nothing either. */
export const redriven = (envelope: Envelope, headers: Headers): Entry =>
  forwarded(envelope, headers, `${envelope.messageId}-${headers[HEADERS.redriveCount] ?? "0"}`);
