import { failedAt } from "../failure.ts";
import type { Headers } from "../headers.ts";
import type { Move } from "./batches.ts";
import { type Envelope, forwarded, keptId } from "./envelope.ts";

/** A dead letter on its way to the end of its own queue, so that those behind it in its group can be seen. It stays as it is. */
export function toEnd(envelope: Envelope, emulated: boolean): Move {
  const id = keptId(envelope.messageId, endedAt(envelope, emulated));
  return { envelope, headers: {}, isEnd: true, toEntry: (some) => forwarded(envelope, some, id, true) };
}

/**
 * When a dead letter ended, whatever was done with it since; undefined where nothing tells. For a message that SQS moves itself, AWS
 * begins its time again in a FIFO queue, and LocalStack (`emulated`) leaves it as it was sent.
 */
export function endedAt({ headers, sentAt, wasMoved, kept }: Envelope, emulated: boolean): Date | undefined {
  const failed = failedAt(headers);
  if (failed !== undefined || kept !== undefined) return failed ?? dateOf(kept);
  return wasMoved && emulated ? undefined : sentAt;
}

function dateOf(text: string | undefined): Date | undefined {
  const date = new Date(text ?? "");
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** A dead letter on its way back. Tried again within five minutes, SQS adds nothing: a crash in between duplicates nothing either. */
export const redriven = (envelope: Envelope, headers: Headers): Move => ({
  envelope,
  headers,
  isEnd: false,
  toEntry: (some) => forwarded(envelope, some, `${envelope.messageId}-redriven`, false),
});
