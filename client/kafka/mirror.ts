import { randomUUID } from "node:crypto";
import { HEADERS } from "../headers.ts";
import { isTooLarge, RefusedError } from "../message.ts";
import { goesOn, type Moved, type Moving, progress } from "../moving.ts";
import { type Cluster, openCluster } from "./cluster.ts";
import { commitAsNobody, handOver } from "./handOver.ts";
import type { Login } from "./link.ts";
import { merged, sizeOf } from "./log.ts";
import { committedOffsets, type Offsets } from "./offsets.ts";
import { patiently } from "./patience.ts";
import { COPIED_FROM, originOf, placesIn, samePlaces } from "./places.ts";
import { type Producer, producer } from "./producer.ts";
import { type NewRecord, positionOf, rawOf, type StoredRecord } from "./records.ts";
import { copyGroup, placeGroup, type ReplacedLog, uncopied } from "./replacedLogs.ts";
import { membersOf } from "./state.ts";

/** What is copied, and which consumer groups go on in the new topic. */
export interface MirrorPlan {
  logs: readonly ReplacedLog[];
  /** Of the work topic. */
  groups: readonly string[];
}

/** Confirmed together before it is noted that they are copied: what a crash duplicates, at most. */
const BATCH = 1_000;
/** Where producers still write into the old topic, it is enough to have come so near to its end. */
const NEAR = 1_000;

interface Copying {
  cluster: Cluster;
  producing: Producer;
  moving: Moving;
  groups: readonly string[];
}

/**
 * Copies the records of the old topics that are not copied yet, with keys, headers and timestamps and the place where they lay, and gives each group its place in
 * the new work topic: at the first record there that it had not committed in the old one. Throws a ConnectionError where Kafka does
 * not answer; it may be called again after any failure.
 */
export async function mirrorTopics(login: Login, { logs, groups }: MirrorPlan, moving: Moving): Promise<Moved> {
  const cluster = openCluster(login, `messaging-operator/${randomUUID()}`);
  const producing = producer(cluster);
  const copying = { cluster, producing, moving, groups };
  const left: string[] = [];
  let messages = 0;
  try {
    for (const log of logs) {
      messages += await copied(log, copying);
      const rest = sizeOf(await patiently(cluster, `reading ${log.from}`, () => uncopied(cluster, log)));
      if (rest > 0) left.push(`kafka/${log.from} has ${rest} records that are not copied yet`);
      // Whatever is written into the old topic from now on comes behind their places.
      if (log.kind === "work" && goesOn(moving)) left.push(...(await placed(log, copying)));
    }
    return { messages, left };
  } finally {
    await producing.idle();
    await cluster.close();
  }
}

async function copied(log: ReplacedLog, copying: Copying): Promise<number> {
  const { cluster, moving } = copying;
  const told = progress(moving, (count) => `kafka/${log.from}: ${count} records copied into ${log.to} so far`);
  let count = 0;
  for (let near = false; !near && goesOn(moving); ) {
    const ranges = await patiently(cluster, `reading ${log.from}`, () => uncopied(cluster, log));
    const filled = ranges.filter(({ from, to }) => from < to);
    near = sizeOf(filled) <= NEAR;
    let batch: StoredRecord[] = [];
    for await (const record of merged(cluster, filled, ({ timestamp }) => timestamp)) {
      batch.push(record);
      if (batch.length < BATCH) continue;
      await passOn(batch, log, copying);
      count += batch.length;
      batch = [];
      told(count);
      if (!goesOn(moving)) break;
    }
    if (batch.length > 0) await passOn(batch, log, copying);
    count += batch.length;
    // What lies between the last record and the end are markers of transactions, or was deleted.
    if (goesOn(moving)) await mark(log, copying, new Map(ranges.map(({ partition, to }) => [partition, to])));
  }
  return count;
}

async function passOn(batch: readonly StoredRecord[], log: ReplacedLog, copying: Copying): Promise<void> {
  const { cluster, producing } = copying;
  const { length } = await patiently(cluster, `reading ${log.to}`, () => leadersOf(cluster, log.to));
  await Promise.all(batch.map((record) => producing.send(copyOf(record, log, length)).catch(naming(record, log))));
  await mark(log, copying, new Map(batch.map(({ partition, offset }) => [partition, offset + 1n])));
}

/** A record that the new topic refuses is not left behind, so somebody has to know which it is. */
const naming =
  (record: StoredRecord, { to }: ReplacedLog) =>
  (error: Error): never => {
    if (!isTooLarge(error)) throw error;
    const advice = `give ${to} a larger max.message.bytes`;
    throw new RefusedError(`${positionOf(record)} of ${record.topic} is too large: ${advice}: ${error.message}`, {
      cause: error,
    });
  };

const leadersOf = async (cluster: Cluster, topic: string) => (await cluster.leaders([topic])).get(topic)!;

const mark = ({ from }: ReplacedLog, { cluster }: Copying, marks: Offsets): Promise<void> =>
  commitAsNobody(cluster, copyGroup(from), new Map([[from, marks]]));

/** The record as it is copied. Without a key it keeps its partition as far as there is one, so that what came in order stays in order. */
export function copyOf(
  record: StoredRecord,
  { to, kind, shared, groupId }: ReplacedLog,
  partitions: number,
): NewRecord {
  const { key, value, rawHeaders, timestamp, partition, codec } = record;
  const own = {
    ...(kind === "work" && { [COPIED_FROM]: originOf(record) }),
    ...(shared && { [HEADERS.redriveGroup]: groupId! }),
  };
  return {
    topic: to,
    ...(key === null && { partition: partition % partitions }),
    key,
    value,
    rawHeaders: [...rawHeaders, ...rawOf(own)],
    timestamp,
    codec,
  };
}

/** Gives each group its place, also one that has one already and did not go on from there; says which could not be given theirs. */
async function placed(log: ReplacedLog, { cluster, groups }: Copying): Promise<string[]> {
  const left: string[] = [];
  for (const group of groups) {
    try {
      await patiently(cluster, `giving group ${group} its place in ${log.to}`, () => place(cluster, log, group));
    } catch (error) {
      if (!(error instanceof RefusedError)) throw error;
      left.push(
        `group ${group} could not be given its place in ${log.to} (${error.message}): stop its consumers first`,
      );
    }
  }
  return left;
}

async function place(cluster: Cluster, { from, to }: ReplacedLog, group: string): Promise<void> {
  const committed = await committedOffsets(cluster, group, [from, to]);
  const [handled, now] = [committed.get(from)!, committed.get(to)!];
  // One that never was there has no place to keep.
  if (handled.size === 0) return;
  const given = (await committedOffsets(cluster, placeGroup(from, group), [to])).get(to)!;
  const wentOn = now.size > 0 && !samePlaces(now, given);
  if (wentOn || (await membersOf(cluster, group, to)).length > 0) return;
  const places = await placesIn(cluster, { old: from, next: to }, handled, now);
  if (samePlaces(places, now)) return;
  await commitAsNobody(cluster, placeGroup(from, group), new Map([[to, places]]));
  await handOver(cluster, group, to, places);
}
