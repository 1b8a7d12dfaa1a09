import type { z } from "zod";
import { duration, map, oneOf, wholeNumber } from "./fields.ts";
import { toMilliseconds } from "./units.ts";

// The upper bound of a delay is RabbitMQ's largest message TTL, ten years (rabbit_misc.erl, check_expiry).
const longestDelay = "3650d";

const maxAttempts = wholeNumber(1, 20).describe(
  "Deliveries of a message in all, 1 to 20; 1 sends a failed message straight to the dead letters. Default: 3.",
);
const backoff = oneOf("fixed", "linear", "exponential").describe(
  "How the delay grows from one retry to the next: not at all, by initialDelay, or doubling. Default: exponential.",
);
const initialDelay = duration("1ms", longestDelay).describe("Delay before the first retry. Default: 1s.");
const maxDelay = duration("1ms", longestDelay).describe("The longest delay before a retry. Default: 5m.");

/** What every consumer does with a failed message unless its queue, topic or itself says otherwise. */
export const retrySchema = map({
  maxAttempts: maxAttempts.default(3),
  backoff: backoff.default("exponential"),
  initialDelay: initialDelay.default("1s"),
  maxDelay: maxDelay.default("5m"),
});

/** The parts of a retry that one queue, topic or consumer changes. */
export const retryOverrideSchema = map({
  maxAttempts: maxAttempts.optional(),
  backoff: backoff.optional(),
  initialDelay: initialDelay.optional(),
  maxDelay: maxDelay.optional(),
});

export type Retry = z.output<typeof retrySchema>;
export type RetryOverride = z.output<typeof retryOverrideSchema>;

/** A retry with the parts that `override` sets in place of its own. */
export function overridden(retry: Retry, override: RetryOverride = {}): Retry {
  return {
    maxAttempts: override.maxAttempts ?? retry.maxAttempts,
    backoff: override.backoff ?? retry.backoff,
    initialDelay: override.initialDelay ?? retry.initialDelay,
    maxDelay: override.maxDelay ?? retry.maxDelay,
  };
}

const growth = {
  fixed: () => 1,
  linear: (retry: number) => retry,
  exponential: (retry: number) => 2 ** (retry - 1),
} as const;

/** The delays in milliseconds before the second delivery, the third and so on; `maxAttempts - 1` of them. */
export function retryDelays({ maxAttempts, backoff, initialDelay, maxDelay }: Retry): number[] {
  const [first, longest] = [toMilliseconds(initialDelay), toMilliseconds(maxDelay)];
  return Array.from({ length: maxAttempts - 1 }, (_, index) => Math.min(first * growth[backoff](index + 1), longest));
}
