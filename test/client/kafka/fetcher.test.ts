import { afterEach, describe, expect, it } from "vitest";
import { type Cluster, NoLeader } from "../../../client/kafka/cluster.ts";
import { type Fetcher, fetcher } from "../../../client/kafka/fetcher.ts";
import { broker } from "./fakeBroker.ts";

const never = new AbortController().signal;
const small = (count: number) => Array.from({ length: count }, () => 10);

describe("reading ahead", () => {
  let open: Fetcher | undefined;
  const errors: string[] = [];
  const reading = (cluster: Cluster, autoOffsetReset: "earliest" | "latest" = "earliest") => {
    errors.length = 0;
    const onError = ({ message }: Error) => errors.push(message);
    open = fetcher({ cluster, purpose: "fetch", autoOffsetReset, onError, onUnread: () => true });
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

  it("goes on with the others where a batch of one partition cannot be decompressed, and says which", async () => {
    const { cluster, asked } = broker([{ sizes: small(1), unreadable: true }, { sizes: small(2) }]);
    const fetching = reading(cluster);
    fetching.read("t", 0, 0n);
    const other = fetching.read("t", 1, 0n);
    expect([(await other.next(never))!.offset, (await other.next(never))!.offset]).toEqual([0n, 1n]);
    await expect.poll(() => asked.length).toBeGreaterThan(3);
    expect(errors).toEqual([
      "Kafka: reading partition 0 of t from offset 0 on: a batch of records cannot be decompressed (lz4: torn)",
    ]);
  });

  it("waits for no partition without records before it reads the others of one that cannot be decompressed", async () => {
    const empty = Array.from({ length: 19 }, () => ({ sizes: [] }));
    const { cluster } = broker([{ sizes: small(1), unreadable: true }, ...empty, { sizes: small(1) }]);
    const fetching = reading(cluster);
    for (let partition = 0; partition < 20; partition++) fetching.read("t", partition, 0n);
    const begun = Date.now();
    expect((await fetching.read("t", 20, 0n).next(never))!.offset).toBe(0n);
    expect(Date.now() - begun).toBeLessThan(500);
  });

  it("names a partition that no broker leads, and reads the others", async () => {
    const { cluster } = broker([{ sizes: small(1) }, { sizes: small(1) }]);
    cluster.reachable = async () => ({ leaders: new Map([["t", [-1, 1]]]), refused: new Map() });
    cluster.leader = async (topic, partition) => Promise.reject(new NoLeader(topic, partition, [2]));
    const fetching = reading(cluster);
    fetching.read("t", 0, 0n);
    expect((await fetching.read("t", 1, 0n).next(never))!.offset).toBe(0n);
    await expect.poll(() => errors[0]).toBe("partition 0 of t has no leader; start broker 2, which has it");
  });

  it("goes on at what is left of a log whose beginning was deleted, and says so", async () => {
    const one = reading(broker([{ sizes: small(9), first: 7 }]).cluster, "latest").read("t", 0, 2n);
    expect((await one.next(never))!.offset).toBe(7n);
    expect(errors).toEqual([
      "Kafka: the records of partition 0 of t from offset 2 to 6 (5 at most) were deleted before they were read; reading on from 7",
    ]);
  });

  it("begins again, rather than miss something, where the log ends before its position", async () => {
    const one = reading(broker([{ sizes: small(3) }]).cluster).read("t", 0, 9n);
    expect((await one.next(never))!.offset).toBe(0n);
    expect(errors).toEqual([
      "Kafka: partition 0 of t ends at offset 3, and was read to 9 already: Kafka lost what lay between, or the topic was deleted and created again; reading on from 0",
    ]);
  });

  it("begins nothing again by the word of a leader that is one no more", async () => {
    const { cluster, asked } = broker([{ sizes: small(3), end: 3 }]);
    let epoch = 1;
    cluster.epoch = () => epoch;
    cluster.newest = async () => void epoch++;
    const one = reading(cluster).read("t", 0, 9n);
    await expect.poll(() => asked.length).toBeGreaterThan(3);
    one.close();
    expect(new Set(asked)).toEqual(new Set(["0@9"]));
    expect(errors).toEqual([]);
  });

  it("gives nothing more to who is to end", async () => {
    const one = reading(broker([{ sizes: [] }]).cluster).read("t", 0, 0n);
    const ending = new AbortController();
    const next = one.next(ending.signal);
    ending.abort();
    expect(await next).toBeUndefined();
  });
});
