import { canaryOf, failureHeaders, HEADERS, type Headers } from "./headers.ts";
import type { ConsumeOptions, Delivery, Handler } from "./message.ts";

/** What becomes of a delivery. The broker's client carries it out, and acknowledges only when what it published is confirmed. */
export type Outcome =
  | { kind: "done" }
  /** Comes back after `delay` milliseconds with these headers. */
  | { kind: "retry"; delay: number; headers: Headers }
  /** Ends in the dead letters with these headers. */
  | { kind: "deadLetter"; headers: Headers }
  /** Not ours to handle: back to where it was, as it was. */
  | { kind: "giveBack" };

/** A place that an outcome may be put, and the headers that it has there. */
export interface Target {
  /** An exchange or a topic. */
  place: string;
  headers: Headers;
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
  if (outcome.kind === "deadLetter") return [{ place: deadLetters, headers: outcome.headers }];
  if (outcome.kind !== "retry") return [];
  const { delay, headers } = outcome;
  const apart = (wait: { delay: number }) => Math.abs(wait.delay - delay);
  const places = new Set(retries.toSorted((a, b) => apart(a) - apart(b)).map(({ place }) => place));
  const ended = { place: deadLetters, headers: { ...headers, [HEADERS.attempt]: String(attempt) } };
  return [...[...places].map((place) => ({ place, headers })), ended];
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
  if (group !== undefined && group !== place.consumer) return { kind: "done" };
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
  headers: { ...delivery.headers, [HEADERS.attempt]: String(delivery.attempt), ...origin(delivery, place) },
});

function failed(delivery: Delivery, error: unknown, { maxAttempts, delays }: RetryRule, place: Place): Outcome {
  const { attempt } = delivery;
  const headers = {
    ...origin(delivery, place),
    ...failureHeaders(delivery.headers, error, new Date()),
  };
  if (attempt >= maxAttempts)
    return { kind: "deadLetter", headers: { ...headers, [HEADERS.attempt]: String(attempt) } };
  const delay = delays[Math.min(attempt, delays.length) - 1] ?? 0;
  return { kind: "retry", delay, headers: { ...headers, [HEADERS.attempt]: String(attempt + 1) } };
}

/** Where a message failed first; later failures, in a retry topic for one, do not change it. */
const origin = ({ headers, flow, key }: Delivery, { consumer, position }: Place): Headers => ({
  [HEADERS.origin]: flow,
  [HEADERS.originPosition]: headers[HEADERS.originPosition] ?? position,
  [HEADERS.consumer]: consumer,
  ...(key !== undefined && { [HEADERS.key]: key }),
});
