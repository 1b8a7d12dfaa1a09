import type { DeadLetter } from "../deadLetters.ts";
import { canaryOf } from "../headers.ts";
import type { Cluster } from "./cluster.ts";
import { toDeadLetter } from "./letters.ts";
import { readLog } from "./log.ts";
import { deleteBefore, listOffsets } from "./offsets.ts";
import { patiently } from "./patience.ts";
import { remaining } from "./remaining.ts";

/** Where `collect` looks from, and what it saw since; by partition. */
export type Mark = Map<number, Seen>;

interface Seen {
  /** Where the canaries may begin. */
  start: bigint;
  /** How far was looked. */
  next: bigint;
  /** Whether all that lies between is the run's. */
  ownOnly: boolean;
}

/** The end of each partition. */
export async function markOf(cluster: Cluster, topic: string): Promise<Mark> {
  const ends = await patiently(cluster, `reading ${topic}`, () => listOffsets(cluster, topic, "latest"));
  return new Map([...ends].map(([partition, end]) => [partition, { start: end, next: end, ownOnly: true }]));
}

/**
 * The canaries of a run that came in since the mark, each of them once; the mark is moved on. They are deleted where a partition
 * holds nothing else, as a log loses no record from its middle; otherwise they stay.
 */
export async function collectFrom(cluster: Cluster, topic: string, run: string, mark: Mark): Promise<DeadLetter[]> {
  const doing = `reading ${topic}`;
  const ends = await patiently(cluster, doing, () => listOffsets(cluster, topic, "latest"));
  const found: DeadLetter[] = [];
  for (const [partition, to] of ends) {
    const seen = mark.get(partition) ?? { start: 0n, next: 0n, ownOnly: true };
    mark.set(partition, seen);
    if (to <= seen.next) continue;
    for await (const record of readLog(cluster, { topic, partition, from: seen.next, to })) {
      if (canaryOf(record.headers)?.run === run) found.push(toDeadLetter(record));
      else seen.ownOnly = false;
    }
    seen.next = to;
    const ranges = await patiently(cluster, doing, () => remaining(cluster, topic));
    if (!seen.ownOnly || ranges[partition]?.from !== seen.start) continue;
    await patiently(cluster, `deleting from ${topic}`, () => deleteBefore(cluster, topic, partition, to));
    seen.start = to;
  }
  return found;
}
