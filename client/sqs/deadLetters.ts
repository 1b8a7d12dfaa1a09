import type { SQSClient } from "@aws-sdk/client-sqs";
import type { DeadLetter, DeadLetters, Verdict } from "../deadLetters.ts";
import { canaryOf } from "../headers.ts";
import type { SqsDeadLetters } from "../operator.ts";
import { nameOf } from "./api.ts";
import { hideAll, MOST, receiveSome, removeAll } from "./batches.ts";
import { countsOf } from "./counts.ts";
import type { Envelope } from "./envelope.ts";
import { endedAt } from "./kept.ts";
import { taking } from "./taking.ts";

/** Seconds that messages are hidden while they are only looked at; they are given back before. */
const LOOK = 10;
/** Messages that one look for canaries passes by at most. */
const MOST_PASSED = 500;

export interface SqsDeadLettersArgs {
  sqs: SQSClient;
  access: SqsDeadLetters;
  /** Queue URLs by flow: where dead letters may be redriven to. */
  targets: ReadonlyMap<string, string>;
  /** Whether it is no SQS of AWS. */
  emulated: boolean;
}

/** The dead-letter queue of one SQS queue. */
export function sqsDeadLetters({ sqs, access, targets, emulated }: SqsDeadLettersArgs): DeadLetters {
  const { flow, queueUrl, deadLetterQueueUrl: url } = access;
  const take = taking({ sqs, url, targetOf: (to) => (to === undefined ? queueUrl : targets.get(to)), emulated });
  const toDeadLetter = (envelope: Envelope) => deadLetterOf(envelope, emulated);

  /** Takes what can be seen while nothing is given back, that is, no more of a group of which a call took some; and gives it back. */
  const pass = async (seen: Map<string, Envelope>, limit: number, wait: number): Promise<void> => {
    const taken: Envelope[] = [];
    try {
      while (seen.size < limit) {
        const some = await receiveSome(sqs, url, { most: Math.min(limit, MOST), hold: LOOK, wait });
        // The first ones are visible again where it lasts.
        const again = some.some(({ messageId }) => taken.some((one) => one.messageId === messageId));
        taken.push(...some);
        if (some.length === 0 || again) break;
        for (const envelope of some) seen.set(envelope.messageId, envelope);
      }
    } finally {
      await hideAll(sqs, url, taken, 0);
    }
  };

  /** As many passes as show more: a call that is full cuts a group, and the next pass begins elsewhere. */
  const peek = async (limit: number): Promise<DeadLetter[]> => {
    const seen = new Map<string, Envelope>();
    for (let before = -1; seen.size > before && seen.size < limit; ) {
      before = seen.size;
      await pass(seen, limit, 1);
      if (seen.size >= (await countsOf(sqs, url)).visible) break;
    }
    return [...seen.values()].slice(0, limit).map(toDeadLetter);
  };

  const oldest = async (): Promise<Date | undefined> => {
    const seen = new Map<string, Envelope>();
    await pass(seen, MOST, 0);
    return earliest([...seen.values()].map(toDeadLetter));
  };

  return {
    flow,
    name: nameOf(url),
    target: nameOf(queueUrl),
    peekNote:
      "SQS counts a receive of each message that is looked at, and hides it for a moment; of one message group it shows ten at most.",
    async count() {
      const { visible, inFlight, delayed } = await countsOf(sqs, url);
      const ended = visible === 0 ? undefined : await oldest();
      return { messages: visible + inFlight + delayed, ...(ended && { oldest: ended }) };
    },
    peek,
    take: async function* (size: number) {
      for await (const batch of take.batches(size)) yield batch.map(toDeadLetter);
    },
    settle: (verdicts: readonly Verdict[]) => take.settle(verdicts),
    async mark() {
      return undefined;
    },
    async collect(run) {
      const passed: Envelope[] = [];
      const found: Envelope[] = [];
      try {
        while (passed.length < MOST_PASSED) {
          const some = await receiveSome(sqs, url, { most: MOST, hold: LOOK, wait: 0 });
          if (some.length === 0) break;
          for (const envelope of some) (canaryOf(envelope.headers)?.run === run ? found : passed).push(envelope);
        }
        await removeAll(sqs, url, found);
      } finally {
        await hideAll(sqs, url, passed, 0);
      }
      return found.map(toDeadLetter);
    },
    close: () => take.release(),
  };
}

/** A dead letter as people see it. */
export function deadLetterOf(envelope: Envelope, emulated: boolean): DeadLetter {
  const { id, key, headers, body, messageId, group } = envelope;
  const at = endedAt(envelope, emulated);
  const position = `${messageId} of group ${group}`;
  return { id, ...(key !== undefined && { key }), headers, body, ...(at && { at }), position };
}

const earliest = (letters: readonly DeadLetter[]): Date | undefined =>
  letters.flatMap(({ at }) => at ?? []).sort((a, b) => a.getTime() - b.getTime())[0];
