import type { DeadLetter } from "../../client/deadLetters.ts";
import { BROKER_REASON, failureIn } from "../../client/failure.ts";
import { canaryOf, HEADERS } from "../../client/headers.ts";

/** Why a message is a dead letter, for people and as `--json` says it. */
export interface Why {
  /** Its error as a sentence; what is known instead where nobody wrote one. */
  sentence: string;
  /** How the broker gave it up after that error, if it did. */
  ended?: string;
  error: string | null;
  errorName: string | null;
  /** What the broker says of it, `rejected` or the like; null where it was put here with an error, or by nobody knows whom. */
  reason: string | null;
  stack?: string;
  from?: string;
  /** The headers that all this is read from. */
  headers: readonly (string | undefined)[];
}

/** RabbitMQ's reasons. Source: https://www.rabbitmq.com/docs/dlx */
const ENDED = new Map(
  Object.entries({
    rejected: "its consumer rejected it (reject, or nack without requeue) and gave no reason",
    expired: "it expired in its queue before a consumer was done with it",
    delivery_limit:
      "the broker gave it up at its delivery limit: consumers took it again and again, and ended or gave it back",
    maxlen: "its queue was full, and dropped its oldest message",
  }),
);

/** Where the broker says nothing, and nobody wrote an error. */
const UNKNOWN =
  "whoever put it here wrote no error that is known: look in the consumer's log at the time when it failed";
const UNKNOWN_ON_SQS =
  "SQS moved it, as it was received as often as its queue allows (maxReceiveCount) and never deleted; or its consumer put it here without a word";

/** Reads why a letter of this flow is one. */
export function whyOf({ headers }: DeadLetter, flow: string): Why {
  const failure = failureIn(headers);
  // On other brokers a header of this name is the app's own.
  const told = flow.startsWith("rabbitmq/") ? BROKER_REASON : undefined;
  const reason = told && headers[told];
  const ended = reason === undefined ? undefined : (ENDED.get(reason) ?? `the broker gave it up: ${reason}`);
  const name = failure?.errorName ?? "Error";
  const from = [headers[HEADERS.origin], headers[HEADERS.originPosition]].filter(Boolean).join(", ") || failure?.from;
  return {
    sentence: failure ? [name, failure.error].filter(Boolean).join(": ") : without(headers, ended, flow),
    ...(failure && ended !== undefined && { ended: `${ended}; the error may be of an attempt before` }),
    error: failure?.error ?? null,
    errorName: failure?.errorName ?? null,
    reason: reason ?? null,
    ...(failure?.errorStack !== undefined && { stack: failure.errorStack }),
    ...(from !== undefined && { from }),
    headers: [told, HEADERS.origin, HEADERS.originPosition, ...(failure?.headers ?? [])],
  };
}

function without(headers: DeadLetter["headers"], ended: string | undefined, flow: string): string {
  if (canaryOf(headers)) return "none: a canary of messaging verify";
  if (ended !== undefined) return `none: ${ended}`;
  return `unknown: ${flow.startsWith("sqs/") ? UNKNOWN_ON_SQS : UNKNOWN}`;
}
