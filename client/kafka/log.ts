import { UntoldError } from "../message.ts";
import type { Cluster } from "./cluster.ts";
import { listOffsets } from "./offsets.ts";
import { patiently } from "./patience.ts";
import { recordsOf, type StoredRecord } from "./records.ts";
import { fetchV12, is } from "./wire.ts";

/** A range of a partition, from an offset to another that it does not include. */
export interface Range {
  topic: string;
  partition: number;
  from: bigint;
  to: bigint;
}

/** How many records lie in ranges, as far as offsets tell. */
export const sizeOf = (ranges: readonly Range[]): number =>
  Number(ranges.reduce((sum, { from, to }) => sum + (to > from ? to - from : 0n), 0n));

const bytesAtOnce = 256 * 1024;
/** How long a leader may give nothing of what its log holds, as while it does not know yet what its followers have, in milliseconds. */
const mostSilence = 10_000;

/**
 * The records of a range, in order, read without a group. What is deleted meanwhile is passed over. Throws an UntoldError where the log
 * ends before the range does, or cannot be read to its end: that is not none.
 */
export async function* readLog(cluster: Cluster, range: Range): AsyncGenerator<StoredRecord, void, void> {
  let told = Date.now();
  for (let position = range.from; position < range.to; ) {
    const { records, next } = await patiently(cluster, `reading ${range.topic}`, () =>
      fetchOnce(cluster, range, position),
    );
    for (const record of records) {
      if (record.offset >= range.to) return;
      yield record;
    }
    if (next > position) told = Date.now();
    else if (Date.now() - told > mostSilence)
      throw unreadable(range, `its leader gives nothing from offset ${position} on`);
    position = next;
  }
}

const unreadable = ({ topic, partition, to }: Range, why: string): UntoldError =>
  new UntoldError(`partition ${partition} of ${topic} cannot be read to offset ${to}: ${why}`);

async function fetchOnce(cluster: Cluster, range: Range, position: bigint) {
  const { topic, partition } = range;
  const leader = await cluster.leader(topic, partition);
  const wanted = { partition, fetchOffset: position, partitionMaxBytes: bytesAtOnce };
  const asked = { ...wanted, currentLeaderEpoch: cluster.epoch(topic, partition), lastFetchedEpoch: -1 };
  const topics = [{ topicId: topic, partitions: [asked] }];
  try {
    const answer = await cluster.call(leader, "log", fetchV12.api, 1_000, 1, bytesAtOnce, 0, 0, -1, topics, [], "");
    return recordsOf(topic, answer.responses[0]!.partitions[0]!, position);
  } catch (error) {
    if (!is(error, "OFFSET_OUT_OF_RANGE")) throw error;
    const first = (await listOffsets(cluster, topic, "earliest", [partition])).get(partition)!;
    if (first > position) return { records: [], next: first };
    throw unreadable(range, "the log ends before it; a leader was elected that did not have all");
  }
}

/** The records of several ranges as one sequence, each time the one that is least by `order` among the first of each. */
export async function* merged(
  cluster: Cluster,
  ranges: readonly Range[],
  order: (record: StoredRecord) => number,
): AsyncGenerator<StoredRecord, void, void> {
  const heads: { record: StoredRecord; rest: AsyncGenerator<StoredRecord, void, void> }[] = [];
  for (const range of ranges) {
    const rest = readLog(cluster, range);
    const { value } = await rest.next();
    if (value) heads.push({ record: value, rest });
  }
  while (heads.length > 0) {
    const least = heads.reduce((best, head) => (order(head.record) < order(best.record) ? head : best));
    yield least.record;
    const { value } = await least.rest.next();
    if (value) least.record = value;
    else heads.splice(heads.indexOf(least), 1);
  }
}
