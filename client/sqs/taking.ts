import { randomUUID } from "node:crypto";
import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Verdict } from "../deadLetters.ts";
import { RefusedError } from "../message.ts";
import { hideAll, receiveSome, removeAll, sendAll } from "./batches.ts";
import { countsOf } from "./counts.ts";
import type { Envelope } from "./envelope.ts";
import { redriven, toEnd, wasKeptBy } from "./kept.ts";

/** Seconds that what is taken stays hidden after a crash; it is renewed while the taker lives. */
const HOLD = 20;
/** Kept dead letters that are held in place at most; further ones go to the end of their queue. */
const MOST_HELD = 1_000;

export interface TakingArgs {
  sqs: SQSClient;
  /** The dead-letter queue. */
  url: string;
  /** Where a redriven one goes: nowhere that is known, or the URL of a queue. */
  targetOf: (to: string | undefined) => string | undefined;
}

export interface Taking {
  batches(size: number): AsyncGenerator<Envelope[], void, void>;
  settle(verdicts: readonly Verdict[]): Promise<void>;
  /** Gives back everything that was taken and is not gone. */
  release(): Promise<void>;
}

/**
 * Takes dead letters off a FIFO queue. One that is kept hides the rest of its group for as long as it is taken: it is held while
 * there are others to see, and then, only if some are hidden, sent to the end of the queue.
 */
export function taking({ sqs, url, targetOf }: TakingArgs): Taking {
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

  const moveKept = async (take: string) => {
    const moved = kept;
    const refused = await sendAll(
      sqs,
      url,
      moved.map((envelope) => toEnd(envelope, take)),
    );
    kept = [];
    others.push(...moved.filter((_, index) => refused.has(index)));
    await removeAll(
      sqs,
      url,
      moved.filter((_, index) => !refused.has(index)),
    );
  };

  /** A batch of those that are this take's concern; empty where none can be seen. */
  const next = async (size: number, take: string, until: Date) => {
    while (current.length < size) {
      const most = size - current.length;
      // A look that does not wait may miss some, which only matters where it would be the last.
      const last = current.length === 0 && kept.length === 0;
      const some = await receiveSome(sqs, url, { most, hold: HOLD, wait: last ? 1 : 0 });
      if (some.length === 0) return;
      for (const envelope of some) {
        const foreign = envelope.sentAt > until || wasKeptBy(envelope.headers, take);
        (foreign ? others : current).push(envelope);
      }
    }
  };

  async function* batches(size: number) {
    const take = randomUUID();
    const started = await countsOf(sqs, url);
    // SQS tells its time to the second.
    const until = new Date(started.at.getTime() + 999);
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
        await next(size, take, until);
        if (current.length > 0) {
          yield current;
          kept.push(...current.splice(0));
          if (kept.length > MOST_HELD) await moveKept(take);
          lastSeen = Date.now();
          continue;
        }
        const { visible, inFlight } = await countsOf(sqs, url);
        const elsewhere = inFlight > kept.length + others.length;
        if (kept.length > 0 && visible > 0) await moveKept(take);
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
    const gone = new Set(judged.flatMap(({ envelope, verdict }) => (verdict.kind === "drop" ? [envelope] : [])));
    let refusal: RefusedError | undefined;
    for (const { some, place } of places) {
      const entries = some.map(({ envelope, verdict: { headers } }) => redriven(envelope, headers));
      const refused = await sendAll(sqs, place, entries);
      for (const [index, { envelope }] of some.entries()) if (!refused.has(index)) gone.add(envelope);
      refusal ??= [...refused.values()][0];
    }
    await removeAll(sqs, url, [...gone]);
    const staying = judged.filter(({ envelope }) => !gone.has(envelope));
    current = [];
    kept.push(...staying.flatMap(({ envelope, verdict: { kind } }) => (kind === "keep" ? [envelope] : [])));
    others.push(...staying.flatMap(({ envelope, verdict: { kind } }) => (kind === "keep" ? [] : [envelope])));
    if (refusal) throw refusal;
  }

  const placeOf = (to: string | undefined) => {
    const place = targetOf(to);
    if (place === undefined)
      throw new RefusedError(`${to}: must be an SQS queue of this environment that has dead letters`);
    return place;
  };

  return { batches, settle, release };
}
