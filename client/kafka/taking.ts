import { type DeadLetter, fateAfter, type Refused, SettleError, type Verdict } from "../deadLetters.ts";
import { isTooLarge } from "../message.ts";
import type { KafkaDeadLetters } from "../operator.ts";
import { sendFitting } from "../outcome.ts";
import type { Cluster } from "./cluster.ts";
import { type Hold, hold } from "./hold.ts";
import { again, byTime, redriven, targetOf, toDeadLetter } from "./letters.ts";
import { merged, readLog } from "./log.ts";
import { deleteBefore } from "./offsets.ts";
import { patiently } from "./patience.ts";
import type { Producer } from "./producer.ts";
import { identityOf, idOf, type StoredRecord } from "./records.ts";
import { cleared } from "./remaining.ts";
import { whole } from "./setAside.ts";

/** Taking dead letters in batches, by one run at a time. */
export interface Taking {
  take(size: number): AsyncGenerator<DeadLetter[], void, void>;
  settle(verdicts: readonly Verdict[]): Promise<readonly Refused[]>;
}

/** Whose dead letters are taken, and by what. */
export interface TakingOptions {
  cluster: Cluster;
  producer: Producer;
  own: KafkaDeadLetters;
  /** Of the environment: where `to` may lead. */
  all: readonly KafkaDeadLetters[];
  /** Default: by a consumer group of the cluster. */
  holding?: typeof hold;
}

/** Dead letters that are written again before those in front of them are deleted: what a crash duplicates, at most. */
const atOnce = 100;

/** The taking of one group's dead letters. What a verdict asks for is published before the dead letter is deleted. */
export function taking({ cluster, producer, own, all, holding = hold }: TakingOptions): Taking {
  const topic = own.deadLetterTopic;
  /** By partition: everything before is deleted, everything from there to the batch was kept. */
  const low = new Map<number, bigint>();
  let taken: StoredRecord[] = [];
  let held: Hold | undefined;

  /** A log loses records from its beginning only: those to be kept in front of the last one to be removed are written again behind. */
  async function removeUpTo(partition: number, removed: readonly bigint[]): Promise<void> {
    const last = removed.at(-1)!;
    const from = low.get(partition)!;
    let kept: StoredRecord[] = [];
    const rewrite = async (upTo: bigint) => {
      await Promise.all(kept.map((record) => producer.send(again(record))));
      kept = [];
      await held?.removed(partition, upTo);
      await patiently(cluster, `deleting from ${topic}`, () => deleteBefore(cluster, topic, partition, upTo));
      low.set(partition, upTo);
    };
    const isRemoved = new Set(removed);
    // Where nothing was kept there is nothing to read again.
    if (last - from + 1n > BigInt(isRemoved.size)) {
      for await (const record of readLog(cluster, { topic, partition, from, to: last })) {
        if (isRemoved.has(record.offset)) continue;
        kept.push(record);
        if (kept.length >= atOnce) await rewrite(record.offset + 1n);
      }
    }
    await rewrite(last + 1n);
  }

  /** Publishes what a verdict asks for, of the record that a letter stands for; whether the letter goes then, or why it stays although it was to go. */
  async function treated(letter: StoredRecord, record: StoredRecord | Refused, verdict: Verdict) {
    if (verdict.kind !== "redrive") return verdict.kind === "drop";
    if ("reason" in record) return record;
    const usual = { topic: own.redriveTopic, groupId: own.groupId };
    const target = verdict.to === undefined ? usual : targetOf(all, verdict.to);
    try {
      // A note may tell of the record's identity no more than how it begins.
      const contracts = record === letter ? verdict.headers : { ...verdict.headers, ...identityOf(record) };
      await sendFitting({ headers: contracts, isEnd: false }, undefined, (headers) =>
        producer.send(redriven(record, headers, target, verdict.to === undefined)),
      );
      return true;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      return { id: idOf(letter), reason: error.message, tooLarge: true as const };
    }
  }

  return {
    async *take(size) {
      held = await holding(cluster, topic, `another redrive holds the dead letters of ${own.flow}`);
      try {
        const ranges = await patiently(cluster, `reading ${topic}`, () => cleared(cluster, topic));
        for (const { partition, from } of ranges) low.set(partition, from);
        for await (const record of merged(cluster, ranges, byTime)) {
          taken.push(record);
          if (taken.length < size) continue;
          yield taken.map(toDeadLetter);
          taken = [];
        }
        if (taken.length > 0) yield taken.map(toDeadLetter);
      } finally {
        taken = [];
        const releasing = held;
        held = undefined;
        await releasing.release();
      }
    },
    async settle(verdicts) {
      if (verdicts.length !== taken.length)
        throw new RangeError(`verdicts: must be ${taken.length}, got ${verdicts.length}`);
      // Before anything is published: a failure here leaves nothing half done.
      const wanted = taken.map(async (letter, at) =>
        verdicts[at]!.kind === "redrive" ? whole(cluster, own, letter) : letter,
      );
      const records = await Promise.all(wanted)
        .then((found) => {
          held?.check();
          return found;
        })
        .catch((error) => {
          throw new SettleError(
            error,
            verdicts.map(() => "open"),
          );
        });
      const results = await Promise.allSettled(taken.map((one, at) => treated(one, records[at]!, verdicts[at]!)));
      const goes = results.map((result) => result.status === "fulfilled" && result.value);
      const removed = new Map<number, bigint[]>();
      for (const [at, { partition, offset }] of taken.entries()) {
        if (goes[at] === true) removed.set(partition, [...(removed.get(partition) ?? []), offset]);
      }
      for (const [partition, offsets] of removed) {
        await removeUpTo(partition, offsets);
      }
      taken = [];
      // What was published is gone by then: the next run does not publish it again.
      const failed = results.find((result) => result.status === "rejected");
      if (failed) {
        const fates = results.map((one, at) =>
          one.status === "rejected" ? fateAfter(one.reason) : goes[at] === true ? "done" : "open",
        );
        throw new SettleError(failed.reason, fates);
      }
      return goes.filter((one) => typeof one === "object");
    },
  };
}
