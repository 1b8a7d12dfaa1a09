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
  const at = death ? fromSeconds(death.time) : (failedAt(headers) ?? fromSeconds(message.timestamp));
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
  const [first, ...others] = (deaths as Death[]).filter((death) => !isTier(death));
  return [first, ...others].find((death) => death?.queue === queue) ?? first;
}

const fromSeconds = (seconds: unknown): Date | undefined =>
  typeof seconds === "number" && seconds > 0 ? new Date(seconds * 1000) : undefined;
