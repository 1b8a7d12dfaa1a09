import { type Insistence, insist } from "../insist.ts";
import { RefusedError } from "../message.ts";
import type { Outcome } from "../outcome.ts";
import { withHeaders } from "./entry.ts";
import { type Claimed, type Group, giveBack, waitFor } from "./group.ts";
import type { Hands } from "./hands.ts";
import type { RetrySchedule } from "./retrySchedule.ts";
import type { Words } from "./server.ts";

/** What carries outcomes out. */
export interface Settling {
  of: Group;
  deadLetterStream: string;
  hands: Hands;
  schedule: RetrySchedule;
  insistence: Insistence;
}

/**
 * Carries the outcome out: what the server does not take is told again, so the entry stays pending and is not lost. Returns whether
 * the entry is acknowledged. Throws an OutdatedAccessError where the server refuses it for good.
 */
export async function settle(settling: Settling, { entry, attempt }: Claimed, outcome: Outcome): Promise<boolean> {
  const { of, schedule } = settling;
  const tell = (words: Words) => told(settling, entry.id, words);
  if (outcome.kind === "retry") {
    if (!(await tell(waitFor(of, entry.id, outcome.delay)))) return false;
    schedule.failed(outcome.delay, entry.id, Date.now());
    return false;
  }
  if (outcome.kind === "giveBack") {
    await tell(giveBack(of, entry.id, attempt));
    return false;
  }
  if (outcome.kind === "deadLetter") {
    const letter = ["XADD", settling.deadLetterStream, "*", ...withHeaders(entry, outcome.headers)];
    if (!(await tell(letter))) return false;
  }
  return tell(["XACK", of.stream, of.group, entry.id]);
}

/** False: it was given up. */
async function told({ of, hands, insistence }: Settling, id: string, words: Words): Promise<boolean> {
  const ask = async () => {
    try {
      await of.server.ask(words);
      return true;
    } catch (error) {
      // A full server takes no dead letter before others have acknowledged theirs, so this one must not stand in their way.
      if (error instanceof RefusedError && error.full) hands.setAside(id);
      throw error;
    }
  };
  return (await insist(insistence, [{ place: String(words[0]) }], ask)) ?? false;
}
