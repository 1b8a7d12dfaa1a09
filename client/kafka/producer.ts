import { murmur2 } from "@platformatic/kafka";
import { waiting } from "../waiting.ts";
import type { Cluster } from "./cluster.ts";
import { type Deadline, type Lane, lane } from "./lane.ts";
import type { NewRecord } from "./records.ts";
import { is, isPassing, MISSING, refusedIfMissing, told } from "./wire.ts";

/** Produces with acks=all and idempotence, in order within a partition. */
export interface Producer {
  /**
   * Returns when the broker has confirmed the record. Throws a RefusedError, or a ConnectionError when it was not confirmed in time;
   * it may have been written then.
   */
  send(record: NewRecord, patience?: Patience): Promise<void>;
  /** Waits until everything is confirmed or was given up. */
  idle(): Promise<void>;
}

/** How long a record is tried again, in milliseconds. */
export interface Patience {
  /** While Kafka does not answer. */
  unanswered: number;
  /** While it says that there is no such topic, as of one that was just made. */
  missing: number;
}

/** Long enough for a broker to fail over. */
const usualPatience: Patience = { unanswered: 10_000, missing: 10_000 };

export function producer(cluster: Cluster): Producer {
  const lanes = new Map<string, Lane>();
  const turns = new Map<string, number>();

  async function leadersOf(topic: string, deadline: Deadline) {
    for (const again = waiting(); ; ) {
      try {
        return (await cluster.leaders([topic])).get(topic)!;
      } catch (error) {
        if (!isPassing(error) || Date.now() >= deadline(error)) throw error;
        cluster.forget();
        await again.next();
      }
    }
  }

  function laneOf(topic: string, partition: number): Lane {
    const name = `${topic}/${partition}`;
    const made = lanes.get(name) ?? lane(cluster, topic, partition);
    lanes.set(name, made);
    return made;
  }

  return {
    async send(record, patience = usualPatience) {
      const started = Date.now();
      const deadline = (error: unknown) => started + (is(error, MISSING) ? patience.missing : patience.unanswered);
      const doing = `publishing to ${record.topic}`;
      try {
        const count = (await leadersOf(record.topic, deadline)).length;
        const turn = turns.get(record.topic) ?? Math.floor(Math.random() * count);
        if (record.key === null) turns.set(record.topic, turn + 1);
        const partition = partitionOf(record, count, turn);
        await laneOf(record.topic, partition).send(record, deadline);
      } catch (error) {
        throw refusedIfMissing(told(error, doing));
      }
    },
    async idle() {
      await Promise.all([...lanes.values()].map((one) => one.idle()));
    },
  };
}

/** A record's partition: its own, else by its key as Java's DefaultPartitioner has it, else whose turn it is. */
export function partitionOf(
  { partition, key }: Pick<NewRecord, "partition" | "key">,
  count: number,
  turn: number,
): number {
  if (partition !== undefined && partition < count) return partition;
  return key === null ? turn % count : (murmur2(key) & 0x7fffffff) % count;
}
