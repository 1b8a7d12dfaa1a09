import type { DeadLetter } from "../deadLetters.ts";
import { HEADERS } from "../headers.ts";
import type { Check } from "./plan.ts";

/** Time that a retry may take beyond its delay, in milliseconds. */
export const TOLERANCE_MS = 1_000;

/** A canary in its consumer's hands. */
export interface Seen {
  kind: "good" | "poison";
  attempt: number;
  /** Milliseconds since the epoch. */
  at: number;
}

/** What was seen of one check. */
export interface Evidence {
  /** `own`: by a consumer of verify's; `live`: by the consumers that were there. */
  by: "own" | "live";
  /** Milliseconds since the epoch when the broker had confirmed each canary. */
  published: { good: number; poison: number };
  /** What the consumer of verify's had in hand. */
  seen: Seen[];
  /** The canaries that ended in the dead letters: poison, and the receipts of good ones. */
  deadLetters: DeadLetter[];
  /** How many messages the flow had waiting when all was over; -1 where live consumers have others in hand. */
  waitingAfter: number;
}

/** What the evidence amounts to. */
export interface Judgement {
  /** How often the good canary was consumed, and after how many milliseconds the first time. */
  good: { consumed: number; milliseconds?: number };
  /** The poison canary: deliveries, the milliseconds from each failure to the next delivery, and how often it is in the dead letters. */
  poison: { deliveries: number; delays: number[]; deadLetters: number };
  /** Promises that were not kept; empty: all were. */
  broken: string[];
}

/** Holds the evidence against the promise. */
export function judge(check: Check, evidence: Evidence): Judgement {
  const good = goodOf(evidence);
  const poison = poisonOf(evidence);
  return {
    good,
    poison,
    broken: [...brokenGood(check, good), ...brokenPoison(check, evidence, poison), ...residue(evidence)],
  };
}

const isReceipt = ({ headers }: DeadLetter): boolean => headers[HEADERS.error] === undefined;

function goodOf({ seen, deadLetters, published }: Evidence): Judgement["good"] {
  const times = seen.filter(({ kind }) => kind === "good").map(({ at }) => at);
  const receipts = deadLetters.filter(isReceipt);
  const consumed = times.length + receipts.length;
  const first = times[0];
  return { consumed, ...(first !== undefined && { milliseconds: Math.max(0, first - published.good) }) };
}

/** Without a consumer of our own the dead letter tells: its attempt, and the times of its failures where the broker keeps them. */
function poisonOf({ by, seen, deadLetters }: Evidence): Judgement["poison"] {
  const ended = deadLetters.filter((letter) => !isReceipt(letter));
  const times =
    by === "own"
      ? seen.filter(({ kind }) => kind === "poison").map(({ at }) => at)
      : (ended[0]?.headers[HEADERS.failures] ?? "")
          .split(",")
          .filter(Boolean)
          .map((time) => Date.parse(time));
  const deliveries = by === "own" ? times.length : Number(ended[0]?.headers[HEADERS.attempt] ?? 0);
  const delays = times.slice(1).map((at, index) => at - times[index]!);
  return { deliveries, delays, deadLetters: ended.length };
}

const brokenGood = ({ order, delays }: Check, { consumed, milliseconds }: Judgement["good"]): string[] => {
  if (consumed !== 1) return [`a good message must be consumed once, and was ${consumed} times`];
  // Where a partition keeps its order, the good one may wait for the poison's retries.
  const longest =
    TOLERANCE_MS + (order === "partition" ? delays.reduce((sum, delay) => sum + delay + TOLERANCE_MS, 0) : 0);
  if (milliseconds === undefined || milliseconds <= longest) return [];
  return [`a good message must not wait behind poison, and waited ${seconds(milliseconds)}`];
};

function brokenPoison({ maxAttempts, delays }: Check, { by }: Evidence, poison: Judgement["poison"]): string[] {
  const blocks = maxAttempts === Number.POSITIVE_INFINITY;
  const expected = blocks ? delays.length + 1 : maxAttempts;
  const late = poison.delays.flatMap((took, index) => {
    const delay = delays[index] ?? delays.at(-1) ?? 0;
    if (took >= delay && took <= delay + TOLERANCE_MS) return [];
    return [
      `retry ${index + 1} must come ${seconds(delay)} to ${seconds(delay + TOLERANCE_MS)} after the failure, and came after ${seconds(took)}`,
    ];
  });
  return [
    ...(poison.deliveries === expected
      ? []
      : [`poison must be delivered ${expected} times, and was ${poison.deliveries} times`]),
    ...(poison.deadLetters === (blocks ? 0 : 1)
      ? []
      : [`poison must be in the dead letters ${blocks ? "never" : "once"}, and is ${poison.deadLetters} times`]),
    ...(by === "own" || poison.delays.length === delays.length ? late : []),
  ];
}

const residue = ({ waitingAfter }: Evidence): string[] =>
  waitingAfter > 0 ? [`nothing of it must be left in the flow, and ${waitingAfter} messages are`] : [];

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
