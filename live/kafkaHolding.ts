import { canaryOf } from "../client/headers.ts";
import type { Cluster } from "../client/kafka/cluster.ts";
import { type Range, readLog, sizeOf } from "../client/kafka/log.ts";
import { committedOffsets, type Offsets, offsetsAt } from "../client/kafka/offsets.ts";
import { dateOf, type StoredRecord } from "../client/kafka/records.ts";
import { remaining, wholeLog } from "../client/kafka/remaining.ts";
import { unread } from "../client/kafka/state.ts";
import { listGroupsV4, listOffsetsV7, metadataV10 } from "../client/kafka/wire.ts";
import type { Holding } from "./holding.ts";
import { eachOf } from "./inTime.ts";

/** By topic, then by consumer group: what the group has committed. Groups without a position on the topic are left out. */
export type Positions = Map<string, Map<string, Offsets>>;

/** So many records are read, to tell canaries from messages; of more, each counts. */
const MOST_READ = 1_000;
/** How long that may take, in milliseconds. */
const READING_MS = 5_000;
/** How long a list of groups is believed, in milliseconds. */
const GROUPS_AGE_MS = 2_000;
/** The protocol's mark for the newest record, since version 7 of the request. */
const NEWEST = -3n;

/** Asks what every group of the cluster has committed on some topics. */
export function groupPositions(cluster: Cluster): (topics: readonly string[]) => Promise<Positions> {
  let listed: { at: number; groups: Promise<string[]> } | undefined;
  const groupsNow = (): Promise<string[]> => {
    if (!listed || listed.at < Date.now() - GROUPS_AGE_MS) listed = { at: Date.now(), groups: groupsOf(cluster) };
    listed.groups.catch(() => {
      listed = undefined;
    });
    return listed.groups;
  };
  return async (topics) => {
    const found: Positions = new Map(topics.map((topic) => [topic, new Map()]));
    await eachOf(await groupsNow(), async (group) => {
      for (const [topic, offsets] of await committedOffsets(cluster, group, topics)) {
        if (offsets.size > 0) found.get(topic)!.set(group, offsets);
      }
    });
    return found;
  };
}

/** Consumer groups of every broker; groups of other kinds (Connect, share groups) commit nothing, or not so. */
async function groupsOf(cluster: Cluster): Promise<string[]> {
  const { brokers } = await cluster.ask(metadataV10.api, [], false, false);
  const answers = await Promise.all(
    brokers.map(({ nodeId }) => cluster.call(nodeId, "offsets", listGroupsV4.api, [], [])),
  );
  const consumers = answers
    .flatMap(({ groups }) => groups)
    .filter(({ protocolType }) => ["consumer", ""].includes(protocolType));
  return [...new Set(consumers.map(({ groupId }) => groupId))];
}

/** What a topic holds that somebody may still want. */
export async function holdingOf(cluster: Cluster, topic: string, positions: Positions): Promise<Holding> {
  const groups = new Map(
    [...positions.get(topic)!].filter(([group]) => !/^messaging\.(redrive|replace)\./.test(group)),
  );
  const isDeadLetters = topic.endsWith(".dlt");
  const whole = isDeadLetters ? await remaining(cluster, topic) : await wholeLog(cluster, topic);
  const reader = readerOf(topic, groups);
  const held = reader ? unread(whole, groups.get(reader)!, false) : whole.filter(({ from, to }) => from < to);
  const counted = { ranges: held, groups: reader || isDeadLetters ? new Map<string, Offsets>() : groups };
  const what = isDeadLetters ? "dead letters" : reader && `not tried again by ${reader} yet`;
  return (sizeOf(held) <= MOST_READ && (await exactly(cluster, counted, what))) || roughly(cluster, counted, what);
}

/** The group whose retry topic this is: what it has handed on stays in the log, and is of no use to anybody. */
export function readerOf(
  topic: string,
  groups: Positions extends Map<string, infer G> ? G : never,
): string | undefined {
  const delay = /\.retry\.\d+$/.exec(topic)?.[0];
  if (delay === undefined) return undefined;
  const fitting = [...groups.keys()].filter((group) => topic.endsWith(`.${group}${delay}`));
  // Of `b` and `a.b` it is the one that is further behind, to be safe.
  const committed = (group: string) => [...groups.get(group)!.values()].reduce((sum, offset) => sum + offset, 0n);
  return fitting.sort((a, b) => (committed(a) < committed(b) ? -1 : 1))[0];
}

interface Counted {
  ranges: readonly Range[];
  groups: ReadonlyMap<string, Offsets>;
}

/** By reading every record; undefined where that takes too long. */
async function exactly(cluster: Cluster, counted: Counted, what: string | undefined): Promise<Holding | undefined> {
  const end = Date.now() + READING_MS;
  const records: StoredRecord[] = [];
  for (const range of counted.ranges) {
    for await (const record of readLog(cluster, range)) {
      if (Date.now() > end) return undefined;
      if (!canaryOf(record.headers)) records.push({ ...record, value: null });
    }
  }
  const lags = [...counted.groups].map(([group, offsets]): Lag => {
    const from = new Map(unread(counted.ranges, offsets, false).map((range) => [range.partition, range.from]));
    return {
      group,
      lag: records.filter(({ partition, offset }) => offset >= (from.get(partition) ?? offset + 1n)).length,
    };
  });
  const times = records.map(({ timestamp }) => timestamp).sort((a, b) => a - b);
  return toHolding({ messages: records.length, lags, what, oldest: times[0], lastWrite: times.at(-1) });
}

/** By offsets alone. */
async function roughly(cluster: Cluster, { ranges, groups }: Counted, what: string | undefined): Promise<Holding> {
  const lags = [...groups].map(([group, offsets]) => ({ group, lag: sizeOf(unread(ranges, offsets, false)) }));
  const [firsts, lastWrite] = await Promise.all([
    eachOf(ranges, async (range) => (await readLog(cluster, range).next()).value?.timestamp),
    newestIn(cluster, ranges).catch(() => undefined),
  ]);
  const times = firsts.flatMap((time) => time ?? []);
  return toHolding({
    messages: sizeOf(ranges),
    lags,
    what,
    oldest: times.length > 0 ? Math.min(...times) : undefined,
    lastWrite,
  });
}

async function newestIn(cluster: Cluster, ranges: readonly Range[]): Promise<number | undefined> {
  const found = await offsetsAt(cluster, ranges[0]!.topic, listOffsetsV7.api, NEWEST);
  const newest = Math.max(...found.map(({ timestamp }) => Number(timestamp)));
  return newest > 0 ? newest : undefined;
}

interface Lag {
  group: string;
  lag: number;
}

interface Told {
  messages: number;
  lags: readonly Lag[];
  /** What the records are, where that is not a matter of who read them. */
  what?: string | undefined;
  /** Milliseconds since 1970. */
  oldest?: number | undefined;
  lastWrite?: number | undefined;
}

/** The holding in words: `12 not read by notify`, `all read by notify`, `read by no group`. */
export function toHolding({ messages, lags, what, oldest, lastWrite }: Told): Holding {
  // A producer's time may be no date.
  const [first, last] = [oldest, lastWrite].map((time) =>
    time === undefined || messages === 0 ? undefined : dateOf(time),
  );
  const furthest = lags.reduce<Lag | undefined>((most, one) => (most && most.lag >= one.lag ? most : one), undefined);
  return {
    messages,
    waiting: furthest ? furthest.lag : messages,
    unit: "record",
    detail: what ?? (furthest ? readBy(furthest, lags.length) : "read by no group"),
    ...(first && { oldest: first }),
    ...(last && { lastWrite: last }),
  };
}

const readBy = ({ group, lag }: Lag, groups: number): string => {
  if (lag > 0) return `${lag} not read by ${group}`;
  return groups === 1 ? `all read by ${group}` : `all read by ${groups} groups`;
};
