import { RefusedError } from "../message.ts";
import { troubleOf } from "../quietly.ts";
import { pause, waiting } from "../waiting.ts";
import type { Cluster } from "./cluster.ts";
import { listOffsets } from "./offsets.ts";
import { type Fetched, recordsOf, type StoredRecord, sizeOf } from "./records.ts";
import { fetchV12, isPassing, isUnreadable, refusedWith, told } from "./wire.ts";

/** What is read of one partition, ahead of its handler. */
export interface Reading {
  /** The next record, when there is one; undefined when `signal` is aborted. Call it again only after it returned. */
  next(signal: AbortSignal): Promise<StoredRecord | undefined>;
  /** Reads no further. */
  close(): void;
}

/** Reads partitions, each on its own: one whose records wait is simply not read on, and costs no more memory than what was read of it. */
export interface Fetcher {
  read(topic: string, partition: number, from: bigint): Reading;
  close(): Promise<void>;
}

interface Partition {
  topic: string;
  partition: number;
  /** Where the next fetch begins. */
  position: bigint;
  records: StoredRecord[];
  bytes: number;
  /** When it is read again, as `Date.now()` tells it: it could not be read a moment ago. */
  pausedUntil: number;
  wake?: () => void;
}

/** How long a broker waits for records before it answers that there are none, in milliseconds. */
const maxWait = 500;
/** A partition with fewer bytes than this waiting for its handler is read on. */
const lowWater = 64 * 1024;
const partitionMaxBytes = 256 * 1024;
const fetchMaxBytes = 8 * 1024 * 1024;
/** How long what cannot be decompressed is left alone, in milliseconds. */
const unreadablePause = 30_000;

export interface FetcherOptions {
  cluster: Cluster;
  /** Names the connection: a fetch that waits holds up whatever else is asked on it. */
  purpose: string;
  /** Where to go on when the log ends before the position, as after a failover that lost records. */
  autoOffsetReset: "earliest" | "latest";
  onError(error: Error): void;
  /** Told what Kafka says of a topic that cannot be read, says whether to ask for it again. The other topics are read on. */
  onUnread(topic: string, error: Error): boolean;
}

export function fetcher({ cluster, purpose, autoOffsetReset, onError, onUnread }: FetcherOptions): Fetcher {
  const partitions = new Set<Partition>();
  const closing = new AbortController();
  const loops = new Map<number, Promise<void>>();
  let changed = new AbortController();
  const notify = () => {
    changed.abort();
    changed = new AbortController();
  };

  async function fetch(node: number, hungry: readonly Partition[], wait: number): Promise<void> {
    const topics = [...new Set(hungry.map(({ topic }) => topic))].map((topic) => ({
      topicId: topic,
      partitions: hungry
        .filter((one) => one.topic === topic)
        .map(({ partition, position }) => ({
          partition,
          currentLeaderEpoch: cluster.epoch(topic, partition),
          fetchOffset: position,
          lastFetchedEpoch: -1,
          partitionMaxBytes,
        })),
    }));
    const limits = [wait, 1, fetchMaxBytes, 0, 0, -1] as const;
    const answer = await cluster
      .call(node, purpose, fetchV12.api, ...limits, topics, [], "")
      // Where one partition fails, the others were read all the same.
      .catch((error) => {
        if (!error.response?.responses) throw error;
        return error.response as fetchV12.FetchResponse;
      });
    let failed = false;
    for (const { topicId: topic, partitions: read } of answer.responses) {
      for (const result of read) {
        const one = hungry.find((each) => each.topic === topic && each.partition === result.partitionIndex);
        if (!one || !partitions.has(one)) continue;
        if (result.errorCode === OFFSET_OUT_OF_RANGE) await reposition(one);
        else if (result.errorCode !== 0) {
          failed = true;
          const failure = told(refusedWith(result.errorCode), `reading ${topic}`);
          if (failure instanceof RefusedError) unread(topic, failure);
        } else take(one, recordsOf(topic, result, one.position));
      }
    }
    if (!failed) return;
    cluster.forget();
    await pause(250, closing.signal);
  }

  /** The same, where one that cannot be read holds up no other. */
  async function fetchEach(node: number, hungry: readonly Partition[], wait = maxWait): Promise<void> {
    try {
      await fetch(node, hungry, wait);
    } catch (error) {
      if (!isUnreadable(error)) throw error;
      const [one, ...others] = hungry as [Partition, ...Partition[]];
      // Without waiting: those behind one that has nothing may have something.
      if (others.length > 0) for (const each of hungry) await fetchEach(node, [each], 0);
      else {
        one.pausedUntil = Date.now() + unreadablePause;
        onError(told(error, `reading partition ${one.partition} of ${one.topic} from offset ${one.position} on`));
      }
    }
  }

  function unread(topic: string, error: Error): void {
    if (onUnread(topic, error)) return;
    for (const one of partitions) if (one.topic === topic) partitions.delete(one);
  }

  function take(one: Partition, { records, next }: Fetched): void {
    one.position = next;
    one.records.push(...records);
    for (const record of records) one.bytes += sizeOf(record);
    if (records.length > 0) one.wake?.();
  }

  /** What was deleted before it was read is gone; what lies after the end was never there, or was lost by the broker. */
  async function reposition(one: Partition): Promise<void> {
    const epoch = cluster.epoch(one.topic, one.partition);
    await cluster.newest([one.topic]);
    // It was said by a leader that is one no more, and does not have what came after it.
    if (cluster.epoch(one.topic, one.partition) !== epoch) return;
    const end = async (which: "earliest" | "latest") =>
      (await listOffsets(cluster, one.topic, which, [one.partition])).get(one.partition)!;
    const [first, last, before] = [await end("earliest"), await end("latest"), one.position];
    one.position = before < first || autoOffsetReset === "earliest" ? first : last;
    const place = `partition ${one.partition} of ${one.topic}`;
    const loss =
      before < first
        ? `the records of ${place} from offset ${before} to ${first - 1n} (${first - before} at most) were deleted before they were read`
        : `${place} ends at offset ${last}, and was read to ${before} already: Kafka lost what lay between, or the topic was deleted and created again`;
    onError(new Error(`Kafka: ${loss}; reading on from ${one.position}`));
  }

  async function loop(node: number): Promise<void> {
    const trouble = troubleOf(onError);
    for (const again = waiting(); !closing.signal.aborted; ) {
      try {
        const { led, refused } = await ledBy(node);
        if (led.length === 0) return;
        if (node === NOBODY) {
          for (const [topic, error] of refused) unread(topic, told(error, `reading ${topic}`));
          for (const { topic, partition } of led)
            if (!refused.has(topic)) await cluster.leader(topic, partition).catch(onError);
          cluster.forget();
          await again.next(closing.signal);
          continue;
        }
        const hungry = led.filter(({ bytes, pausedUntil }) => bytes < lowWater && pausedUntil <= Date.now());
        if (hungry.length === 0) await pause(maxWait, changed.signal);
        else await fetchEach(node, hungry);
        again.reset();
        trouble.over();
      } catch (error) {
        if (closing.signal.aborted) return;
        trouble.tell(told(error, "reading"));
        if (isPassing(error)) cluster.forget();
        await again.next(closing.signal);
      }
    }
  }

  async function ledBy(node: number): Promise<{ led: Partition[]; refused: Map<string, Error> }> {
    // Those that are added meanwhile were not asked about: the next look finds them.
    const all = [...partitions];
    const { leaders, refused } = await cluster.reachable([...new Set(all.map(({ topic }) => topic))]);
    const leaderOf = ({ topic, partition }: Partition) => leaders.get(topic)?.[partition] ?? NOBODY;
    const still = all.filter((one) => partitions.has(one));
    for (const one of still) if (leaderOf(one) !== node) start(leaderOf(one));
    return { led: still.filter((one) => leaderOf(one) === node), refused };
  }

  function start(node: number): void {
    if (loops.has(node) || closing.signal.aborted) return;
    const running = loop(node).finally(() => {
      loops.delete(node);
      // One may have been added after the loop looked.
      if (partitions.size > 0 && loops.size === 0) start(node);
    });
    loops.set(node, running);
  }

  return {
    read(topic, partition, from) {
      const one: Partition = { topic, partition, position: from, records: [], bytes: 0, pausedUntil: 0 };
      partitions.add(one);
      notify();
      // Any loop finds out who leads it.
      if (loops.size === 0) start(NOBODY);
      return {
        next: (signal) => nextOf(one, signal, notify),
        close: () => void partitions.delete(one),
      };
    },
    async close() {
      closing.abort();
      partitions.clear();
      notify();
      await cluster.close(purpose);
      await Promise.all(loops.values());
    },
  };
}

const OFFSET_OUT_OF_RANGE = 1;
/** Who leads a partition that has no leader. */
const NOBODY = -1;

async function nextOf(one: Partition, signal: AbortSignal, notify: () => void): Promise<StoredRecord | undefined> {
  if (one.records.length === 0 && !signal.aborted) {
    await new Promise<void>((resolve) => {
      const end = () => {
        signal.removeEventListener("abort", end);
        one.wake = undefined;
        resolve();
      };
      one.wake = end;
      signal.addEventListener("abort", end, { once: true });
    });
  }
  if (signal.aborted) return undefined;
  const record = one.records.shift();
  if (record) {
    const hadEnough = one.bytes >= lowWater;
    one.bytes -= sizeOf(record);
    if (hadEnough && one.bytes < lowWater) notify();
  }
  return record;
}
