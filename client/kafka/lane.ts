import { NumericMap } from "@platformatic/kafka";
import { waiting } from "../waiting.ts";
import type { Cluster } from "./cluster.ts";
import { type Codec, codecsFor } from "./codecs.ts";
import { type NewRecord, sizeOf } from "./records.ts";
import { initProducerIdV4, is, isPassing, produceV9, saysTooLarge } from "./wire.ts";
import { writingZstd } from "./zstd.ts";

/** Until when a record is tried again after an error, as `Date.now()` tells it. */
export type Deadline = (error: unknown) => number;

/** The way into one partition: one batch at a time, under a producer id of its own, so that a batch sent twice is written once. */
export interface Lane {
  send(record: NewRecord, deadline: Deadline): Promise<void>;
  idle(): Promise<void>;
}

interface Entry {
  record: NewRecord;
  deadline: Deadline;
  /** To be sent by itself, in the first of these ways; the others are for where it is too large so. None: with others, uncompressed. */
  alone: Codec[];
  resolve(): void;
  reject(error: unknown): void;
}

const largestBatch = 500_000;
/** Milliseconds that the leader waits for its followers. */
const replicationTimeout = 10_000;

// The broker no longer knows the producer, or has lost count: it starts counting again under another id.
const lostCount = [
  "OUT_OF_ORDER_SEQUENCE_NUMBER",
  "UNKNOWN_PRODUCER_ID",
  "INVALID_PRODUCER_EPOCH",
  "INVALID_PRODUCER_ID_MAPPING",
];
// The broker says it of a whole batch, and means one of its records.
const ofOneRecord = ["INVALID_RECORD", "INVALID_TIMESTAMP"];

export function lane(cluster: Cluster, topic: string, partition: number): Lane {
  const queue: Entry[] = [];
  let identity: { producerId: bigint; producerEpoch: number; sequence: number } | undefined;
  let pumping: Promise<void> | undefined;

  async function identified() {
    if (identity) return identity;
    const { producerId, producerEpoch } = await cluster.ask(initProducerIdV4.api, null, 0, -1n, -1);
    identity = { producerId, producerEpoch, sequence: 0 };
    return identity;
  }

  async function produce(batch: readonly Entry[]): Promise<void> {
    const own = await identified();
    const leader = await cluster.leader(topic, partition);
    const messages = batch.map(({ record }) => toWire(record, partition));
    const [compression = "none"] = batch[0]!.alone;
    if (compression === "zstd") await writingZstd();
    const sequences = new NumericMap([[`${topic}:${partition}`, own.sequence]]);
    const options = { ...own, sequences, compression };
    await cluster.call(leader, "produce", produceV9.api, -1, replicationTimeout, messages, options as never);
    // Kafka counts in 31 bits and then begins again.
    own.sequence = (own.sequence + batch.length) % 2 ** 31;
  }

  /** Sends a batch until it is confirmed, or will never be. */
  async function deliver(batch: readonly Entry[]): Promise<void> {
    for (const again = waiting(); ; ) {
      try {
        return await produce(batch);
      } catch (error) {
        if (is(error, "DUPLICATE_SEQUENCE_NUMBER")) {
          identity = undefined;
          return;
        }
        if (is(error, ...lostCount)) identity = undefined;
        else if (!isPassing(error)) throw error;
        // Also where it is given up: who sends next is not to ask the same broker.
        cluster.forget();
        if (Date.now() >= Math.max(...batch.map(({ deadline }) => deadline(error)))) throw error;
        await again.next();
      }
    }
  }

  async function pump(): Promise<void> {
    while (queue.length > 0) {
      const batch = queue.splice(0, batchLength(queue));
      try {
        await deliver(batch);
        for (const entry of batch) entry.resolve();
      } catch (error) {
        // It may have been written or not: whatever follows must not be counted as its repetition.
        identity = undefined;
        for (const entry of batch.toReversed()) {
          const alone = otherWays(entry, batch.length, error);
          if (alone.length > 0) queue.unshift({ ...entry, alone });
          else entry.reject(error);
        }
      }
    }
    pumping = undefined;
  }

  return {
    send: (record, deadline) =>
      new Promise((resolve, reject) => {
        // What was compressed may be larger than any request when it is not.
        const alone = sizeOf(record) > largestBatch ? codecsFor(record.codec) : [];
        queue.push({ record, deadline, alone, resolve, reject });
        pumping ??= pump();
      }),
    idle: async () => pumping,
  };
}

/** How a record of a batch that was refused is sent by itself; empty where that would not help. */
function otherWays({ record, alone }: Entry, together: number, error: unknown): Codec[] {
  const helps = saysTooLarge(error) || (together > 1 && is(error, ...ofOneRecord));
  if (!helps) return [];
  if (alone.length > 0) return alone.slice(1);
  // By itself and uncompressed it was sent just now.
  return codecsFor(record.codec).filter((codec) => together > 1 || codec !== "none");
}

/** How many of those that wait go into the next batch. */
function batchLength(queue: readonly Entry[]): number {
  if (queue[0]!.alone.length > 0) return 1;
  let bytes = 0;
  const end = queue.findIndex(({ record, alone }) => {
    bytes += sizeOf(record);
    return alone.length > 0 || bytes > largestBatch;
  });
  return end === -1 ? queue.length : Math.max(end, 1);
}

function toWire({ topic, key, value, rawHeaders, timestamp }: NewRecord, partition: number) {
  // The types of the library know nothing that is null; its writer does.
  return {
    topic,
    partition,
    key: key ?? undefined,
    value: value as Buffer,
    // A buffer is another key than another of the same bytes, so a name may be there twice.
    headers: new Map(rawHeaders as readonly (readonly [Buffer, Buffer])[]),
    ...(timestamp !== undefined && { timestamp: BigInt(timestamp) }),
  };
}
