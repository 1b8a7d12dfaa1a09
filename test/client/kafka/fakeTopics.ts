import { ResponseError } from "@platformatic/kafka";
import type { Cluster } from "../../../client/kafka/cluster.ts";
import type { StoredRecord } from "../../../client/kafka/records.ts";
import { deleteRecordsV2, fetchV12, listOffsetsV6, offsetFetchV8 } from "../../../client/kafka/wire.ts";
import { recordOf } from "./specs.ts";

type Given = Partial<StoredRecord>;
interface Asked {
  topicId?: string;
  name?: string;
  partitions: {
    partition?: number;
    partitionIndex?: number;
    fetchOffset?: bigint;
    timestamp?: bigint;
    offset?: bigint;
  }[];
}

/** A cluster with topics of one partition each, whose records lie from offset 0 on. `failing`: what reading a topic fails with. */
export function topics(given: Record<string, Given[]>, failing: Record<string, Error> = {}) {
  const first = new Map<string, bigint>();
  const recordsIn = (topic: string): StoredRecord[] =>
    given[topic]!.map((one, at) => recordOf({ ...one, topic, partition: 0, offset: BigInt(at) }));

  function fetched({ topicId: topic, partitions }: Asked) {
    const [{ fetchOffset }] = partitions as [{ fetchOffset: bigint }];
    const record = recordsIn(topic!)[Number(fetchOffset)];
    if (fetchOffset < (first.get(topic!) ?? 0n)) throw new ResponseError(1, 12, { "/": [1, null] }, {});
    if (!record) return { partitionIndex: 0, records: [] };
    const { key, value, rawHeaders: headers, timestamp } = record;
    const batch = { firstOffset: fetchOffset, lastOffsetDelta: 0, attributes: 0, firstTimestamp: BigInt(timestamp) };
    const stored = { offsetDelta: 0, timestampDelta: 0n, key, value, headers };
    return { partitionIndex: 0, records: [{ ...batch, records: [stored] }] };
  }

  const cluster = {
    leaders: async (names: string[]) => new Map(names.map((name) => [name, [1]])),
    leader: async () => 1,
    coordinator: async () => 1,
    epoch: () => -1,
    newest: async () => {},
    forget: () => {},
    async call(_node: number, _purpose: string, api: unknown, ...args: unknown[]) {
      if (api === fetchV12.api) {
        const [asked] = args[6] as [Asked];
        if (failing[asked.topicId!]) throw failing[asked.topicId!];
        return { responses: [{ topicId: asked.topicId, partitions: [fetched(asked)] }] };
      }
      if (api === listOffsetsV6.api) {
        const [{ name, partitions }] = args[2] as [Asked];
        const isFirst = partitions[0]!.timestamp === -2n;
        const offset = isFirst ? (first.get(name!) ?? 0n) : BigInt(given[name!]!.length);
        return { topics: [{ partitions: [{ partitionIndex: 0, offset }] }] };
      }
      if (api === offsetFetchV8.api) return { groups: [{ topics: [] }] };
      if (api !== deleteRecordsV2.api) throw new Error("a request that this cluster does not know");
      const [{ name, partitions }] = args[0] as [Asked];
      first.set(name!, partitions[0]!.offset!);
      return {};
    },
  };
  return {
    cluster: cluster as unknown as Cluster,
    left: (topic: string) => recordsIn(topic).slice(Number(first.get(topic) ?? 0n)),
  };
}
