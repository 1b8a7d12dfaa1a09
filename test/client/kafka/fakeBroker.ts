import { ResponseError, UnsupportedCompressionError } from "@platformatic/kafka";
import type { Cluster } from "../../../client/kafka/cluster.ts";
import { pause } from "../../../client/waiting.ts";

interface Asked {
  topics: { topicId: string; partitions: { partition: number; fetchOffset: bigint }[] }[];
}

/**
 * A broker whose partitions of topic `t` hold records of this many bytes; those before `first` were deleted. `end`: where it says that
 * the log ends, in place of behind the last record. `unreadable`: where a batch cannot be decompressed. Where it has nothing, it waits for
 * as long as it is asked to.
 */
export function broker(
  logs: { sizes: number[]; first?: number; error?: number; end?: number; unreadable?: boolean }[],
) {
  const asked: string[] = [];
  const closing = new AbortController();
  const answer = ({ topics }: Asked) => {
    const partitions = topics[0]!.partitions.map(({ partition, fetchOffset }) => {
      const { sizes, first = 0, error = 0, end = sizes.length } = logs[partition]!;
      if (logs[partition]!.unreadable) throw new UnsupportedCompressionError("lz4: torn");
      const offset = Number(fetchOffset);
      asked.push(`${partition}@${offset}`);
      const errorCode = error || (offset < first || offset > end ? 1 : 0);
      const size = errorCode === 0 ? sizes[offset] : undefined;
      const batch = { firstOffset: fetchOffset, lastOffsetDelta: 0, attributes: 0, firstTimestamp: 0n };
      const record = { offsetDelta: 0, timestampDelta: 0n, key: null, headers: [], value: Buffer.alloc(size ?? 0) };
      const records = size === undefined ? [] : [{ ...batch, records: [record] }];
      return { partitionIndex: partition, errorCode, records };
    });
    const responses = [{ topicId: "t", partitions }];
    if (partitions.every(({ errorCode }) => errorCode === 0)) return { responses };
    throw new ResponseError(1, 12, { "/": [1, null] }, { responses });
  };
  const cluster = {
    leaders: async () => new Map([["t", logs.map(() => 1)]]),
    leader: async () => 1,
    reachable: async () => ({ leaders: new Map([["t", logs.map(() => 1)]]), refused: new Map() }),
    epoch: () => -1,
    newest: async () => {},
    forget: () => {},
    close: async () => closing.abort(),
    async call(_node: number, purpose: string, _api: unknown, ...args: unknown[]) {
      await new Promise((resolve) => setImmediate(resolve));
      if (purpose !== "offsets") {
        const given = answer({ topics: args[6] as Asked["topics"] });
        const isNothing = given.responses[0]!.partitions.every(({ records }) => records.length === 0);
        if (isNothing) await pause(args[0] as number, closing.signal);
        return given;
      }
      const { timestamp } = (args[2] as { partitions: { timestamp: bigint }[] }[])[0]!.partitions[0]!;
      const ends = logs.map(({ sizes, first = 0, end = sizes.length }, partitionIndex) => ({
        partitionIndex,
        offset: BigInt(timestamp === -2n ? first : end),
      }));
      return { topics: [{ partitions: ends }] };
    },
  };
  return { cluster: cluster as unknown as Cluster, asked };
}
