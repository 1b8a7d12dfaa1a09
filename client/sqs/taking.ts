import type { SQSClient } from "@aws-sdk/client-sqs";
import { type Refused, SettleError, type Verdict } from "../deadLetters.ts";
import { RefusedError } from "../message.ts";
import { pause } from "../waiting.ts";
import { chunks, hideAll, moveAll, receiveSome, removeAll } from "./batches.ts";
import { countsOf } from "./counts.ts";
import type { Envelope } from "./envelope.ts";
import { redriven, toEnd } from "./kept.ts";

/** Seconds that what is taken stays hidden after a crash; it is renewed while the taker lives. */
const HOLD = 20;
/** Milliseconds after which whatever is sent is newer than the take: SQS tells its time to the second. */
const SECOND = 1_000;
/** Kept dead letters that are held in place at most; further ones go to the end of their queue. */
const MOST_HELD = 1_000;

export interface TakingArgs {
  sqs: SQSClient;
  /** The dead-letter queue. */
  url: string;
  /** Where a redriven one goes: nowhere that is known, or the URL of a queue. */
  targetOf: (to: string | undefined) => string | undefined;
  /** Whether it is no SQS of AWS. */
  emulated: boolean;
}

export interface Taking {
  batches(size: number): AsyncGenerator<Envelope[], void, void>;
  settle(verdicts: readonly Verdict[]): Promise<readonly Refused[]>;
  /** Gives back everything that was taken and is not gone. */
  release(): Promise<void>;
}

/**
 * Takes dead letters off a FIFO queue. One that is kept hides the rest of its group for as long as it is taken: it is held while
 * there are others to see, and then, only if some are hidden, sent to the end of the queue.
 */
export function taking({ sqs, url, targetOf, emulated }: TakingArgs): Taking {
  /** Taken last, not settled. */
  let current: Envelope[] = [];
  /** Judged, and to stay. */
  let kept: Envelope[] = [];
  /** Not of this take's concern: newer than it, or put to the end by it. */
  let others: Envelope[] = [];
  const inHand = () => [...current, ...kept, ...others];

  const release = async () => {
    const all = inHand();
    current = [];
    kept = [];
    others = [];
    await hideAll(sqs, url, all, 0);
  };

  /** To the end of the queue, where they are newer than the take, which has then lasted for `lasted` milliseconds. */
  const moveKept = async (lasted: number) => {
    await pause(SECOND + 100 - lasted);
    const moved = kept;
    const stayed = await moveAll(
      sqs,
      url,
      url,
      moved.map((envelope) => toEnd(envelope, emulated)),
    );
    kept = [];
    others.push(...stayed.keys());
  };

  /** A batch of those that are this take's concern; empty where none can be seen. */
  const next = async (size: number, until: Date) => {
    while (current.length < size) {
      const most = size - current.length;
      // A look that does not wait may miss some, which only matters where it would be the last.
      const last = current.length === 0 && kept.length === 0;
      const some = await receiveSome(sqs, url, { most, hold: HOLD, wait: last ? 1 : 0 });
      if (some.length === 0) return;
      for (const envelope of some) (envelope.sentAt > until ? others : current).push(envelope);
    }
  };

  async function* batches(size: number) {
    const started = await countsOf(sqs, url);
    const startedHere = performance.now();
    const until = new Date(started.at.getTime() + SECOND - 1);
    const sofar = () => performance.now() - startedHere;
    let renewing: Promise<void> = Promise.resolve();
    const renewal = setInterval(
      () => {
        renewing = hideAll(sqs, url, inHand(), HOLD).catch(() => {});
      },
      (HOLD * 1000) / 3,
    );
    let lastSeen = Date.now();
    try {
      for (;;) {
        await next(size, until);
        if (current.length > 0) {
          yield current;
          kept.push(...current.splice(0));
          if (kept.length > MOST_HELD) await moveKept(sofar());
          lastSeen = Date.now();
          continue;
        }
        const { visible, inFlight } = await countsOf(sqs, url);
        const elsewhere = inFlight > kept.length + others.length;
        if (kept.length > 0 && visible > 0) await moveKept(sofar());
        // Another redrive has them in hand, or one that crashed had them.
        else if (!elsewhere || Date.now() - lastSeen > (HOLD + 5) * 1000) return;
      }
    } finally {
      clearInterval(renewal);
      await renewing;
      await release();
    }
  }

  async function settle(verdicts: readonly Verdict[]) {
    const judged = current.map((envelope, index) => ({
      envelope,
      verdict: verdicts[index] ?? { kind: "keep" as const },
    }));
    const wanted = judged.flatMap(({ envelope, verdict }) =>
      verdict.kind === "redrive" ? [{ envelope, verdict }] : [],
    );
    const places = [...new Set(wanted.map(({ verdict: { to } }) => to))].map((to) => ({
      some: wanted.filter(({ verdict }) => verdict.to === to),
      place: placeOf(to),
    }));
    const dropped = judged.flatMap(({ envelope, verdict: { kind } }) => (kind === "drop" ? [envelope] : []));
    const gone = new Set<Envelope>();
    const refused: Refused[] = [];
    let underway: readonly Envelope[] = [];
    try {
      for (const some of chunks(dropped)) {
        underway = some;
        await removeAll(sqs, url, some);
        for (const envelope of some) gone.add(envelope);
      }
      for (const { some, place } of places) {
        for (const ten of chunks(some)) {
          underway = ten.map(({ envelope }) => envelope);
          const moves = ten.map(({ envelope, verdict: { headers } }) => redriven(envelope, headers));
          const stayed = await moveAll(sqs, url, place, moves);
          for (const envelope of underway) if (!stayed.has(envelope)) gone.add(envelope);
          for (const [{ id }, { message, tooLarge }] of stayed)
            refused.push({ id, reason: message, ...(tooLarge && { tooLarge }) });
        }
      }
    } catch (error) {
      // Of these some may have been sent, and not deleted.
      const left = (envelope: Envelope) => (underway.includes(envelope) ? "unsure" : "open");
      throw new SettleError(
        error,
        judged.map(({ envelope }) => (gone.has(envelope) ? "done" : left(envelope))),
      );
    }
    current = [];
    kept.push(...judged.flatMap(({ envelope }) => (gone.has(envelope) ? [] : [envelope])));
    return refused;
  }

  const placeOf = (to: string | undefined) => {
    const place = targetOf(to);
    if (place === undefined)
      throw new RefusedError(`${to}: must be an SQS queue of this environment that has dead letters`);
    return place;
  };

  return { batches, settle, release };
}
