import type { KafkaSubscription } from "../access.ts";
import { canaryOf, HEADERS } from "../headers.ts";
import type { ConsumeOptions, Delivery, Handler } from "../message.ts";
import { type Outcome, outcomeOf } from "../outcome.ts";
import type { Reading } from "./fetcher.ts";
import type { Producer } from "./producer.ts";
import { dueAt, type NewRecord, positionOf, type StoredRecord, toDelivery } from "./records.ts";
import type { Slots } from "./slots.ts";
import { until, waiting } from "./waiting.ts";

/** What the partitions of one consumer have in common. */
export interface Work {
  subscription: KafkaSubscription;
  handler: Handler;
  options: ConsumeOptions;
  producer: Producer;
  slots: Slots;
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
  const { reading, ending, lost, slots } = work;
  // A record that was given back is not to be passed over: nothing behind it is committed.
  let givenBack = false;
  const commits: Promise<boolean>[] = [];
  const mostUncommitted = work.options.uncommitted ?? 1;
  const allCommitted = async () => void (await Promise.all(commits));
  for (;;) {
    const record = await reading.next(ending);
    if (!record) return allCommitted();
    // What is given back need not be waited for.
    if (!work.options.canariesOnly || canaryOf(record.headers)) await until(dueAt(record), ending);
    if (ending.aborted) return allCommitted();
    const free = await slots.take(ending);
    if (!free) return allCommitted();
    try {
      const outcome = await handled(record, work);
      if (outcome === undefined || lost.aborted) return;
      givenBack ||= outcome.kind === "giveBack";
      if (!(await carriedOut(outcome, record, work))) return;
      if (!givenBack) commits.push(work.commit(record.offset + 1n));
      if (commits.length >= mostUncommitted && !(await commits.shift())) return;
    } finally {
      free();
    }
  }
}

/** What becomes of a record. Where the order is kept, it is tried again here and now until that is decided; undefined when it was not. */
async function handled(record: StoredRecord, work: PartitionWork): Promise<Outcome | undefined> {
  const { subscription, handler, options, ending } = work;
  const { topic, groupId, maxAttempts, delays, ordered } = subscription;
  const place = { consumer: groupId, position: positionOf(record) };
  let delivery = toDelivery(record, `kafka/${topic}/${groupId}`);
  for (;;) {
    const outcome = await outcomeOf(delivery, handler, { maxAttempts, delays }, place, options);
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
const patience = 30_000;

/** Publishes what an outcome needs, until it is confirmed; false where the partition was lost or is given up before that. */
async function carriedOut(outcome: Outcome, record: StoredRecord, work: PartitionWork): Promise<boolean> {
  const next = nextRecord(outcome, record, work.subscription);
  if (!next) return true;
  for (const pauses = waiting(250, 10_000); !work.lost.aborted; ) {
    try {
      await work.producer.send(next, patience);
      return true;
    } catch (error) {
      work.onError(error as Error);
      // It is not acknowledged, and will be delivered again to whoever goes on.
      if (work.ending.aborted) return false;
      await pauses.next(work.ending);
    }
  }
  return false;
}

/** The record that a retry or a dead letter is, in the partition of the same number; nothing for other outcomes. */
export function nextRecord(
  outcome: Outcome,
  { partition, key, value }: StoredRecord,
  { retries, deadLetterTopic }: Pick<KafkaSubscription, "retries" | "deadLetterTopic">,
): NewRecord | undefined {
  if (outcome.kind === "deadLetter") {
    const { [HEADERS.notBefore]: _, ...headers } = outcome.headers;
    return { topic: deadLetterTopic, partition, key, value, headers };
  }
  if (outcome.kind !== "retry") return undefined;
  const { delay, headers } = outcome;
  const notBefore = new Date(Date.now() + delay).toISOString();
  const topic = (retries.find((wait) => wait.delay === delay) ?? retries.at(-1)!).place;
  return { topic, partition, key, value, headers: { ...headers, [HEADERS.notBefore]: notBefore } };
}
