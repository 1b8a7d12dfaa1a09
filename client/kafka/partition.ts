import type { KafkaSubscription } from "../access.ts";
import { attemptOf, canaryOf, HEADERS } from "../headers.ts";
import { insist, type Refusals } from "../insist.ts";
import {
  type ConsumeOptions,
  type Delivery,
  type Handler,
  isTooLarge,
  OutdatedAccessError,
  RefusedError,
} from "../message.ts";
import { type Outcome, outcomeOf, sendFitting, type Target, targetsOf } from "../outcome.ts";
import { until } from "../waiting.ts";
import type { Reading } from "./fetcher.ts";
import type { Producer } from "./producer.ts";
import { dueAt, type NewRecord, positionOf, type StoredRecord, toDelivery, withContracts } from "./records.ts";
import { noteOf, setAsideFor, unnoted } from "./setAside.ts";
import type { Slots } from "./slots.ts";

/** A subscription as errors and dead letters name it. */
export const flowOf = ({ topic, groupId }: KafkaSubscription): string => `kafka/${topic}/${groupId}`;

/** What the partitions of one consumer have in common. */
export interface Work {
  subscription: KafkaSubscription;
  handler: Handler;
  options: ConsumeOptions;
  producer: Producer;
  slots: Slots;
  /** By topic. */
  refusals: Refusals;
  onError(error: Error): void;
}

export interface PartitionWork extends Work {
  reading: Reading;
  /** Commits where to read on; false where the partition was lost. */
  commit(offset: bigint): Promise<boolean>;
  /** Aborted when no further record is to be begun. */
  ending: AbortSignal;
  /** Aborted when the partition may be another member's by now. */
  lost: AbortSignal;
}

/** Handles a partition's records one after the other, each with its outcome carried out and committed, until it ends. */
export async function workOn(work: PartitionWork): Promise<void> {
  const { reading, ending, lost } = work;
  const longest = Math.max(0, ...work.subscription.retries.map(({ delay }) => delay));
  // A record that was given back is not to be passed over: nothing behind it is committed.
  let givenBack = false;
  const commits: Promise<boolean>[] = [];
  const mostUncommitted = work.options.uncommitted ?? 1;
  const allCommitted = async () => void (await Promise.all(commits));
  for (;;) {
    const record = await reading.next(ending);
    if (!record) return allCommitted();
    // What is given back need not be waited for.
    if (!work.options.canariesOnly || canaryOf(record.headers)) await until(dueAt(record, longest), ending);
    if (ending.aborted) return allCommitted();
    const outcome = await handled(record, work);
    if (outcome === undefined) return allCommitted();
    if (lost.aborted) return;
    givenBack ||= outcome.kind === "giveBack";
    if (!(await carriedOut(outcome, record, work))) return;
    if (!givenBack) commits.push(work.commit(record.offset + 1n));
    if (commits.length >= mostUncommitted && !(await commits.shift())) return;
  }
}

/**
 * What becomes of a record. Where the order is kept, it is tried again here and now until that is decided; undefined when it was not.
 * Only what is handled takes a slot, and not what waits to be tried again: the other partitions go on.
 */
async function handled(record: StoredRecord, work: PartitionWork): Promise<Outcome | undefined> {
  const { subscription, handler, options, slots, ending } = work;
  const { groupId, maxAttempts, delays, ordered } = subscription;
  const place = { consumer: groupId, position: positionOf(record), isShared: true };
  let delivery = toDelivery(record, flowOf(subscription));
  for (;;) {
    const free = await slots.take(ending);
    if (!free) return undefined;
    const outcome = await outcomeOf(delivery, handler, { maxAttempts, delays }, place, options).finally(free);
    if (!ordered || outcome.kind !== "retry") return outcome;
    await until(Date.now() + outcome.delay, ending);
    if (ending.aborted) return undefined;
    delivery = again(delivery, outcome.headers);
  }
}

const again = (delivery: Delivery, headers: Delivery["headers"]): Delivery => ({
  ...delivery,
  headers,
  attempt: delivery.attempt + 1,
});

/** Milliseconds: longer than a broker takes to start again, as what is given up and sent again may be there twice. */
const unanswered = 30_000;
/** Milliseconds; a topic that was missing a moment ago is asked for once. */
const missing = 3_000;

/**
 * Publishes what an outcome needs, until it is confirmed; false where the partition was lost or is given up before that. What no topic
 * takes, as it is too large, is set aside. Throws an OutdatedAccessError where Kafka refuses all topics that are left, or even the note.
 */
async function carriedOut(outcome: Outcome, record: StoredRecord, work: PartitionWork): Promise<boolean> {
  const { subscription, refusals, onError, ending, lost } = work;
  const targets = nextTargets(outcome, record, subscription);
  if (targets.length === 0) return true;
  const { partition, key, value, rawHeaders, codec } = record;
  const send = async (next: NewRecord) => {
    await work.producer.send(next, { unanswered, missing: refusals.has(next.topic) ? 0 : missing });
    return true;
  };
  const flow = flowOf(subscription);
  const insistence = { flow, onError, stopping: ending, refusals };
  const needed = () => !lost.aborted;
  const toTarget = (target: Target, refusal?: string) =>
    sendFitting(target, refusal, (headers) => {
      const isAsItCame = Object.keys(headers).length === 0;
      const own = isAsItCame ? rawHeaders : withContracts(rawHeaders, headers);
      return send({ topic: target.place, partition, key, value, rawHeaders: own, codec });
    });
  try {
    return (await insist(insistence, targets, toTarget, needed)) ?? false;
  } catch (error) {
    if (!isTooLarge(error)) throw error;
    const end = targets.at(-1)!;
    const reason = setAsideFor(record, error);
    const toEnd = () => sendFitting(end, reason, (headers) => send(noteOf(record, end.place, flow, headers)));
    const isNoted = await insist(insistence, [end], toEnd, needed).catch((refusal) => {
      throw isTooLarge(refusal) ? new OutdatedAccessError(flow, unnoted(record, end.place, refusal)) : refusal;
    });
    if (isNoted) onError(new RefusedError(reason, { cause: error, tooLarge: true }));
    return isNoted ?? false;
  }
}

/** Where a record goes after an outcome, in the partition of the same number: the first of these topics that takes it. */
export function nextTargets(
  outcome: Outcome,
  { headers: before }: Pick<StoredRecord, "headers">,
  { retries, deadLetterTopic }: Pick<KafkaSubscription, "retries" | "deadLetterTopic">,
): Target[] {
  const due = outcome.kind === "retry" ? new Date(Date.now() + outcome.delay).toISOString() : "";
  return targetsOf(outcome, attemptOf(before), retries, deadLetterTopic).map(({ headers, ...target }) => {
    const { [HEADERS.notBefore]: _, ...own } = headers;
    return { ...target, headers: target.isEnd ? own : { ...own, [HEADERS.notBefore]: due } };
  });
}
