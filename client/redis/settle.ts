import { setTimeout as wait } from "node:timers/promises";
import type { Outcome } from "../outcome.ts";
import { withHeaders } from "./entry.ts";
import { type Claimed, type Group, giveBack, waitFor } from "./group.ts";
import type { Hands } from "./hands.ts";
import type { RetrySchedule } from "./retrySchedule.ts";
import { refusalOf, type Words } from "./server.ts";

/** What carries outcomes out. */
export interface Settling {
  of: Group;
  deadLetterStream: string;
  hands: Hands;
  schedule: RetrySchedule;
  onError: (error: Error) => void;
  /** Whether the consumer waits no longer for a server that does not take its answers. */
  givenUp: () => boolean;
}

const SHORTEST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/**
 * Carries the outcome out: what the server does not take is told again until it does, so the entry stays pending and is not lost.
 * Returns whether the entry is acknowledged.
 */
export async function settle(settling: Settling, { entry, attempt }: Claimed, outcome: Outcome): Promise<boolean> {
  const { of, schedule } = settling;
  const tell = (words: Words) => persist(settling, entry.id, words);
  if (outcome.kind === "retry") {
    await tell(waitFor(of, entry.id, outcome.delay));
    schedule.failed(outcome.delay, entry.id, Date.now());
    return false;
  }
  if (outcome.kind === "giveBack") {
    await tell(giveBack(of, entry.id, attempt));
    return false;
  }
  if (outcome.kind === "deadLetter") {
    await tell(["XADD", settling.deadLetterStream, "*", ...withHeaders(entry, outcome.headers)]);
  }
  await tell(["XACK", of.stream, of.group, entry.id]);
  return true;
}

/** @throws the last error, where it was given up. */
async function persist({ of, hands, onError, givenUp }: Settling, id: string, words: Words): Promise<void> {
  for (let pause = SHORTEST_WAIT_MS; ; pause = Math.min(2 * pause, LONGEST_WAIT_MS)) {
    try {
      await of.server.ask(words);
      return;
    } catch (error) {
      onError(error as Error);
      if (givenUp()) throw error;
      // A full server takes no dead letter before others have acknowledged theirs, so this one must not stand in their way.
      if (refusalOf(error) !== undefined) hands.setAside(id);
      await wait(pause);
    }
  }
}
