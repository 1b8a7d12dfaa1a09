import type { Cluster } from "./cluster.ts";
import type { Range } from "./log.ts";
import { committedOffsets, deleteBefore, listOffsets } from "./offsets.ts";

/** The consumer group that whoever takes from a dead-letter topic is in: the lock, and the positions before which all was removed. */
export const redriveGroup = (topic: string): string => `messaging.redrive.${topic}`;

/** Everything that a topic holds now, or some of its partitions, as those tell who lead them by the newest that any broker knows. */
export async function wholeLog(cluster: Cluster, topic: string, some?: readonly number[]): Promise<Range[]> {
  await cluster.newest([topic]);
  const [first, end] = await Promise.all([
    listOffsets(cluster, topic, "earliest", some),
    listOffsets(cluster, topic, "latest", some),
  ]);
  return [...first].map(([partition, from]) => ({ topic, partition, from, to: end.get(partition)! }));
}

/**
 * What a dead-letter topic holds and nobody removed. A broker notes what was deleted once a minute only
 * (log.flush.start.offset.checkpoint.interval.ms): one that crashes before has the records again, but not the position.
 */
export async function remaining(cluster: Cluster, topic: string): Promise<Range[]> {
  const [ranges, positions] = await Promise.all([
    wholeLog(cluster, topic),
    committedOffsets(cluster, redriveGroup(topic), [topic]),
  ]);
  return ranges.map((range) => ({ ...range, from: begin(range, positions.get(topic)!.get(range.partition)) }));
}

/** A position behind the end is of a log that is no more. */
export function begin({ from, to }: Pick<Range, "from" | "to">, position = -1n): bigint {
  return position > from && position <= to ? position : from;
}

/** Deletes again what a crash of the broker brought back, and says what remains. */
export async function cleared(cluster: Cluster, topic: string): Promise<Range[]> {
  const ranges = await remaining(cluster, topic);
  const first = await listOffsets(cluster, topic, "earliest");
  for (const { partition, from } of ranges) {
    if (from > first.get(partition)!) await deleteBefore(cluster, topic, partition, from);
  }
  return ranges;
}
