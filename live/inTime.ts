import { ConnectionError, RefusedError } from "../client/message.ts";
import { within } from "../client/within.ts";

/** Milliseconds that a broker may take over one question, however many calls it needs. */
const LONGEST_MS = 18_000;

/** What is asked of the broker at `place`, such as `kafka at 127.0.0.1:9092`. Throws a ConnectionError where it takes over 18 s. */
export function inTime<T>(place: string, asked: Promise<T>, longest = LONGEST_MS): Promise<T> {
  const sentence = `${place}: the broker does not answer: no answer within ${longest / 1000} s`;
  return within(longest, asked, () => new ConnectionError(sentence));
}

/** Each in turn, a few at a time: a broker with thousands of them is not asked for all at once. */
export async function eachOf<T, R>(all: readonly T[], ask: (one: T) => Promise<R>, atOnce = 16): Promise<R[]> {
  const answers: R[] = [];
  for (let at = 0; at < all.length; at += atOnce) {
    answers.push(...(await Promise.all(all.slice(at, at + atOnce).map(ask))));
  }
  return answers;
}

/** An error with the place that it is of in front, once. */
export function withPlace(place: string, error: Error, reason = error.message): Error {
  if (error.message.startsWith(place)) return error;
  const Kind = error instanceof ConnectionError ? ConnectionError : RefusedError;
  return new Kind(`${place}: ${reason}`, { cause: error });
}
