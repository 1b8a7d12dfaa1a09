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

const bytesAtOnce = 256 * 1024;

/** The records of a range, in order, read without a group; `raw`: with their headers as they are. What is deleted meanwhile is passed over. */
export async function* readLog(cluster: Cluster, range: Range, raw = false): AsyncGenerator<StoredRecord, void, void> {
  for (let position = range.from; position < range.to; ) {
    const { records, next } = await patiently(cluster, `reading ${range.topic}`, () =>
      fetchOnce(cluster, range, position, raw),
    );
    for (const record of records) {
      if (record.offset >= range.to) return;
      yield record;
    }
    position = next;
  }
}

async function fetchOnce(cluster: Cluster, { topic, partition }: Range, position: bigint, raw: boolean) {
  const leader = (await cluster.leaders([topic])).get(topic)![partition] ?? -1;
  const wanted = { partition, fetchOffset: position, partitionMaxBytes: bytesAtOnce };
  const asked = { ...wanted, currentLeaderEpoch: -1, lastFetchedEpoch: -1 };
  const topics = [{ topicId: topic, partitions: [asked] }];
  try {
    const answer = await cluster.call(leader, "log", fetchV12.api, 1_000, 1, bytesAtOnce, 0, 0, -1, topics, [], "");
    return recordsOf(topic, answer.responses[0]!.partitions[0]!, position, raw);
  } catch (error) {
    if (!is(error, "OFFSET_OUT_OF_RANGE")) throw error;
    const first = (await listOffsets(cluster, topic, "earliest")).get(partition)!;
    return {
      records: [],
      next: first > position ? first : (await listOffsets(cluster, topic, "latest")).get(partition)!,
    };
  }
}

/** The records of several ranges as one sequence, each time the one that is least by `order` among the first of each. */
export async function* merged(
  cluster: Cluster,
  ranges: readonly Range[],
  order: (record: StoredRecord) => number,
  raw = false,
): AsyncGenerator<StoredRecord, void, void> {
  const heads: { record: StoredRecord; rest: AsyncGenerator<StoredRecord, void, void> }[] = [];
  for (const range of ranges) {
    const rest = readLog(cluster, range, raw);
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
