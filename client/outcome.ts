import { canaryOf, contractsOf, failureHeaders, HEADERS, type Headers, shortened, withRefusal } from "./headers.ts";
import { type ConsumeOptions, type Delivery, type Handler, isTooLarge } from "./message.ts";

/**
 * What becomes of a delivery. The broker's client carries it out, and acknowledges only when what it published is confirmed. `headers`
 * are the contract's: the message keeps all others as they came.
 */
export type Outcome =
  | { kind: "done" }
  /** Comes back after `delay` milliseconds with these headers. */
  | { kind: "retry"; delay: number; headers: Headers }
  /** Ends in the dead letters with these headers. */
  | { kind: "deadLetter"; headers: Headers }
  /** Not ours to handle: back to where it was, as it was. */
  | { kind: "giveBack" };

/** A place that an outcome may be put, and the contract's headers that the message has there. */
export interface Target {
  /** An exchange, a topic or a queue. */
  place: string;
  headers: Headers;
  /** Whether it ends there: then the message itself is enough, and nothing need count what follows. */
  isEnd: boolean;
}

/**
 * Sends a message to a place with the contract's headers, and with ever less of them while the place says that it is too large; at
 * last, where it ends there, with none. Throws what the place says otherwise, or that it is too large with the least.
 */
export async function sendFitting<T>(
  { headers, isEnd }: Pick<Target, "headers" | "isEnd">,
  refusal: string | undefined,
  send: (headers: Headers) => Promise<T>,
): Promise<T> {
  const [whole, ...shorter] = shortened(withRefusal(headers, refusal));
  let sending = send(whole);
  for (const less of [...shorter, ...(isEnd ? [{}] : [])]) {
    const failure = await sending.then(
      () => undefined,
      (error) => error,
    );
    if (!isTooLarge(failure)) return sending;
    sending = send(less);
  }
  return sending;
}

/**
 * Where an outcome is put: first where it is meant to be, then what is left where the broker refuses that. A retry falls back to the
 * other retry places, those of the most similar delay first, and then to the dead letters. Empty for what is not put anywhere.
 */
export function targetsOf(
  outcome: Outcome,
  attempt: number,
  retries: readonly { delay: number; place: string }[],
  deadLetters: string,
): Target[] {
  if (outcome.kind === "deadLetter") return [{ place: deadLetters, headers: outcome.headers, isEnd: true }];
  if (outcome.kind !== "retry") return [];
  const { delay, headers } = outcome;
  const apart = (wait: { delay: number }) => Math.abs(wait.delay - delay);
  const places = new Set(retries.toSorted((a, b) => apart(a) - apart(b)).map(({ place }) => place));
  const ended = { place: deadLetters, headers: { ...headers, [HEADERS.attempt]: String(attempt) }, isEnd: true };
  return [...[...places].map((place) => ({ place, headers, isEnd: false })), ended];
}

/** What the skill says of failures. */
export interface RetryRule {
  /** Deliveries in all, 1..20. `Infinity` where poison blocks. */
  maxAttempts: number;
  /** Milliseconds before each retry; the last one counts for every further retry. */
  delays: readonly number[];
}

/** What is told of where a message failed. */
export interface Place {
  /** The app or the consumer group. */
  consumer: string;
  /** Exchange and routing key, partition and offset, message id or entry. */
  position: string;
  /** Whether other groups read there too, so that a redrive may mean one of them. */
  isShared: boolean;
}

/**
 * Runs the handler on a delivery and says what becomes of it. It never throws: what the handler throws is the failure. Canaries
 * do not reach the handler.
 */
export async function outcomeOf(
  delivery: Delivery,
  handler: Handler,
  rule: RetryRule,
  place: Place,
  { canariesOnly }: ConsumeOptions = {},
): Promise<Outcome> {
  const group = delivery.headers[HEADERS.redriveGroup];
  if (place.isShared && group !== undefined && group !== place.consumer) return { kind: "done" };
  const canary = canaryOf(delivery.headers);
  if (canary && canary.flow !== delivery.flow) return { kind: "done" };
  if (canary) {
    canariesOnly?.(delivery);
    if (canary.kind === "good") return canariesOnly ? { kind: "done" } : receipt(delivery, place);
    if (rule.maxAttempts === Number.POSITIVE_INFINITY && delivery.attempt > BLOCKED_RETRIES) return { kind: "done" };
    return failed(delivery, new CanaryError("a poison canary of messaging verify"), rule, place);
  }
  if (canariesOnly) return { kind: "giveBack" };
  try {
    await handler(delivery);
    return { kind: "done" };
  } catch (error) {
    return failed(delivery, error, rule, place);
  }
}

/** Where poison blocks, its canary is let go after so many retries: that it comes back is proven by then. */
export const BLOCKED_RETRIES = 2;

/** The error with which a canary fails, as its dead letter tells it. */
export class CanaryError extends Error {
  override readonly name = "CanaryError";
}

/** That a good canary was consumed is told by a dead letter without an error: it is the one place that a consumer may write to. */
const receipt = (delivery: Delivery, place: Place): Outcome => ({
  kind: "deadLetter",
  headers: {
    ...contractsOf(delivery.headers),
    [HEADERS.attempt]: String(delivery.attempt),
    ...origin(delivery, place),
  },
});

function failed(delivery: Delivery, error: unknown, { maxAttempts, delays }: RetryRule, place: Place): Outcome {
  const { attempt } = delivery;
  const where = origin(delivery, place);
  // Last, as who failed before may have been another flow's consumer; and first, as that is their order in all dead letters.
  const headers = { ...where, ...failureHeaders(delivery.headers, error, new Date()), ...where };
  if (attempt >= maxAttempts)
    return { kind: "deadLetter", headers: { ...headers, [HEADERS.attempt]: String(attempt) } };
  const delay = delays[Math.min(attempt, delays.length) - 1] ?? 0;
  return { kind: "retry", delay, headers: { ...headers, [HEADERS.attempt]: String(attempt + 1) } };
}

/** Where a message failed first in this flow: later failures, in a retry topic for one, do not change it. */
const origin = ({ headers, flow }: Delivery, { consumer, position }: Place): Headers => ({
  [HEADERS.origin]: flow,
  [HEADERS.originPosition]: (headers[HEADERS.origin] === flow && headers[HEADERS.originPosition]) || position,
  [HEADERS.consumer]: consumer,
});
