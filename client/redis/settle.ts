import type { Headers } from "../headers.ts";
import { type Insistence, insist } from "../insist.ts";
import { isTooLarge, RefusedError } from "../message.ts";
import { type Outcome, sendFitting } from "../outcome.ts";
import { withHeaders } from "./entry.ts";
import { type Claimed, type Group, giveBack, waitFor } from "./group.ts";
import type { Hands } from "./hands.ts";
import type { RetrySchedule } from "./retrySchedule.ts";
import type { Words } from "./server.ts";

/** After how many milliseconds an entry comes again that the dead letters cannot take: its size is no reason to hold up others. */
const TOO_LARGE_DELAY_MS = 600_000;

/** An entry that is to come again is not there any more. */
class NotKeptError extends Error {
  override readonly name = "NotKeptError";

  constructor({ server, stream, group }: Group, id: string) {
    super(
      `${server.name}: entry ${id} does not come again: it was removed from stream ${stream} before group ${group} acknowledged it, or another instance has acknowledged it`,
    );
  }
}

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
  const tell = (words: Words) => told(settling, entry.id, String(words[0]), () => of.server.ask(words));
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
    const add = (headers: Headers) =>
      of.server.ask(["XADD", settling.deadLetterStream, "*", ...withHeaders(entry, headers)]);
    const end = () => sendFitting({ headers: outcome.headers, isEnd: true }, undefined, add);
    try {
      if (!(await told(settling, entry.id, "XADD", end))) return false;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      const stays = `${settling.insistence.flow}: entry ${entry.id} is too large for the dead letters, and comes again in`;
      settling.insistence.onError?.(new RefusedError(`${stays} ${TOO_LARGE_DELAY_MS / 60_000} min: ${error.message}`));
      schedule.expect(TOO_LARGE_DELAY_MS);
      await tell(giveBack(of, entry.id, attempt, TOO_LARGE_DELAY_MS));
      return false;
    }
  }
  return tell(["XACK", of.stream, of.group, entry.id]);
}

/** False: it was given up. */
async function told(
  { of, hands, insistence }: Settling,
  id: string,
  place: string,
  send: () => Promise<unknown>,
): Promise<boolean> {
  const ask = async () => {
    try {
      const reply = await send();
      // What cannot be claimed is pending no more: the server forgets an entry that is not in the stream.
      if (Array.isArray(reply) && reply.length === 0) insistence.onError?.(new NotKeptError(of, id));
      return true;
    } catch (error) {
      // A full server takes no dead letter before others have acknowledged theirs, so this one must not stand in their way.
      if (error instanceof RefusedError && error.full) hands.setAside(id);
      throw error;
    }
  };
  return (await insist(insistence, [{ place }], ask)) ?? false;
}
