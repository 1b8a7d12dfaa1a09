import { contractsOf, HEADERS, type Headers, redriveCount } from "../headers.ts";
import { KEPT } from "./attributes.ts";
import type { Move } from "./batches.ts";
import { type Envelope, forwarded, redriveId } from "./envelope.ts";

/** A dead letter on its way to the end of its own queue, so that those behind it in its group can be seen. */
export function toEnd(envelope: Envelope, emulated: boolean): Move {
  const ended = endedAt(envelope, emulated)?.toISOString() ?? "unknown";
  const headers = { ...contractsOf(envelope.headers), [KEPT]: ended };
  // The same id whenever it is tried: after a crash it is not there twice.
  const toEntry = (some: Headers) => forwarded(envelope, some, `${envelope.messageId}-kept`, true);
  return { envelope, headers, isEnd: true, toEntry };
}

/**
 * When a dead letter ended, whatever was done with it since; undefined where nothing tells. For a message that SQS moves itself, AWS
 * counts its time anew in a FIFO queue, and LocalStack (`emulated`) leaves it as it was sent.
 */
export function endedAt({ headers, sentAt, wasMoved }: Envelope, emulated: boolean): Date | undefined {
  const failedAt = dateOf(headers[HEADERS.failures]?.split(",").at(-1));
  // Earlier versions name the redrive before it.
  if (failedAt !== undefined || headers[KEPT] !== undefined)
    return failedAt ?? dateOf(headers[KEPT]?.split(" ").at(-1));
  return wasMoved && emulated ? undefined : sentAt;
}

function dateOf(text: string | undefined): Date | undefined {
  const date = new Date(text ?? "");
  return Number.isNaN(date.getTime()) ? undefined : date;
}

/** A dead letter on its way back. Tried again within five minutes, SQS adds nothing: a crash in between duplicates nothing either. */
export function redriven(envelope: Envelope, headers: Headers): Move {
  const id = redriveId(redriveCount(headers), envelope.messageId);
  return { envelope, headers, isEnd: false, toEntry: (some) => forwarded(envelope, some, id, false) };
}
