import { ResponseError } from "@platformatic/kafka";
import { afterEach, describe, expect, it } from "vitest";
import type { Cluster } from "../../../client/kafka/cluster.ts";
import { type Fetcher, fetcher } from "../../../client/kafka/fetcher.ts";

interface Asked {
  topics: { topicId: string; partitions: { partition: number; fetchOffset: bigint }[] }[];
}

/** A broker whose partitions of topic `t` hold records of this many bytes; those before `first` were deleted. */
function broker(logs: { sizes: number[]; first?: number; error?: number }[]) {
  const asked: string[] = [];
  const answer = ({ topics }: Asked) => {
    const partitions = topics[0]!.partitions.map(({ partition, fetchOffset }) => {
      const { sizes, first = 0, error = 0 } = logs[partition]!;
      const offset = Number(fetchOffset);
      asked.push(`${partition}@${offset}`);
      const errorCode = error || (offset < first || offset > sizes.length ? 1 : 0);
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
    forget: () => {},
    close: async () => {},
    async call(_node: number, purpose: string, _api: unknown, ...args: unknown[]) {
      await new Promise((resolve) => setImmediate(resolve));
      if (purpose !== "offsets") return answer({ topics: args[6] as Asked["topics"] });
      const { timestamp } = (args[2] as { partitions: { timestamp: bigint }[] }[])[0]!.partitions[0]!;
      const ends = logs.map(({ sizes, first = 0 }, partitionIndex) => ({
        partitionIndex,
        offset: BigInt(timestamp === -2n ? first : sizes.length),
      }));
      return { topics: [{ partitions: ends }] };
    },
  };
  return { cluster: cluster as unknown as Cluster, asked };
}

const never = new AbortController().signal;
const small = (count: number) => Array.from({ length: count }, () => 10);

describe("reading ahead", () => {
  let open: Fetcher | undefined;
  const errors: string[] = [];
  const reading = (cluster: Cluster, autoOffsetReset: "earliest" | "latest" = "earliest") => {
    errors.length = 0;
    const onError = ({ message }: Error) => errors.push(message);
    open = fetcher({ cluster, purpose: "fetch", autoOffsetReset, onError });
    return open;
  };
  afterEach(() => open?.close());

  it("gives a partition's records in order, from where it begins", async () => {
    const one = reading(broker([{ sizes: small(4) }]).cluster).read("t", 0, 1n);
    const offsets = [];
    for (let read = 0; read < 3; read++) offsets.push((await one.next(never))!.offset);
    expect(offsets).toEqual([1n, 2n, 3n]);
  });

  it("reads a partition no further than a little while its records wait, and others all the same", async () => {
    const { cluster, asked } = broker([{ sizes: Array(1000).fill(30_000) }, { sizes: small(500) }]);
    const fetching = reading(cluster);
    fetching.read("t", 0, 0n);
    const other = fetching.read("t", 1, 0n);
    for (let read = 0; read < 500; read++) await other.next(never);
    expect(asked.filter((each) => each.startsWith("0@"))).toEqual(["0@0", "0@1", "0@2"]);
  });

  it("goes on with the others where one partition fails", async () => {
    const { cluster } = broker([{ sizes: small(1), error: 6 }, { sizes: small(2) }]);
    const fetching = reading(cluster);
    fetching.read("t", 0, 0n);
    const other = fetching.read("t", 1, 0n);
    expect([(await other.next(never))!.offset, (await other.next(never))!.offset]).toEqual([0n, 1n]);
  });

  it("goes on at what is left of a log whose beginning was deleted, and says so", async () => {
    const one = reading(broker([{ sizes: small(9), first: 7 }]).cluster, "latest").read("t", 0, 2n);
    expect((await one.next(never))!.offset).toBe(7n);
    expect(errors).toEqual(["t partition 0: offset 2 is not there, reading on from 7"]);
  });

  it("begins again, rather than miss something, where the log ends before its position", async () => {
    const one = reading(broker([{ sizes: small(3) }]).cluster).read("t", 0, 9n);
    expect((await one.next(never))!.offset).toBe(0n);
  });

  it("gives nothing more to who is to end", async () => {
    const one = reading(broker([{ sizes: [] }]).cluster).read("t", 0, 0n);
    const ending = new AbortController();
    const next = one.next(ending.signal);
    ending.abort();
    expect(await next).toBeUndefined();
  });
});
