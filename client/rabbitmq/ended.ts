import type { DeadLetter } from "../deadLetters.ts";
import { BROKER_REASON, failedAt } from "../failure.ts";
import { HEADERS } from "../headers.ts";
import { textHeaders, textOf } from "./properties.ts";
import type { Received } from "./rawBodies.ts";

/** An entry of `x-death`, which the broker writes when it gives a message up itself. */
interface Death {
  queue?: unknown;
  reason?: unknown;
  exchange?: unknown;
  "routing-keys"?: unknown;
  /** Seconds since the epoch. */
  time?: unknown;
}

/** A message of the dead-letter queue of `queue`. */
export function toDeadLetter(message: Received & { messageId: string }, queue: string): DeadLetter {
  // Of that name only the broker speaks here.
  const { [BROKER_REASON]: _, ...headers } = textHeaders(message.headers);
  const death = deathIn(message, queue);
  // Its own timestamp tells when it was sent.
  const at = death ? fromSeconds(death.time) : failedAt(headers);
  const [deathKey] = Array.isArray(death?.["routing-keys"]) ? death["routing-keys"] : [];
  const key = headers[HEADERS.key] ?? (death && deathKey !== undefined ? textOf(deathKey) : undefined);
  const position = death
    ? `${textOf(death.exchange ?? "")}/${textOf(deathKey ?? "")}`
    : headers[HEADERS.originPosition];
  return {
    id: message.messageId,
    body: message.body,
    headers: { ...headers, ...(death && { [BROKER_REASON]: textOf(death.reason ?? "") }) },
    ...(key !== undefined && { key }),
    ...(at && { at }),
    ...(position !== undefined && { position }),
  };
}

const isTier = ({ queue }: Death): boolean => /^messaging\.retry\.\d+ms$/.test(textOf(queue ?? ""));

/** How the work queue itself gave the message up, or the one that it replaced: entries of delay tiers tell of retries. */
function deathIn({ headers }: Received, queue: string): Death | undefined {
  const deaths: unknown = headers?.["x-death"];
  if (!Array.isArray(deaths)) return undefined;
  // Anybody may publish a header of that name, with anything in it.
  const own = (deaths as (Death | null)[]).filter((death) => death !== null && !isTier(death)) as Death[];
  return own.find((death) => death.queue === queue) ?? own[0];
}

/** Undefined also for a time that no date can tell, as when a producer writes nanoseconds. */
function fromSeconds(seconds: unknown): Date | undefined {
  const at = new Date(typeof seconds === "number" ? seconds * 1000 : 0);
  return at.getTime() > 0 ? at : undefined;
}
