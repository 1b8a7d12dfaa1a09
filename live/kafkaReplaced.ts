import { randomUUID } from "node:crypto";
import { type Cluster, openCluster } from "../client/kafka/cluster.ts";
import { hasPlace } from "../client/kafka/handOver.ts";
import { sizeOf } from "../client/kafka/log.ts";
import { committedOffsets } from "../client/kafka/offsets.ts";
import { patiently } from "../client/kafka/patience.ts";
import { type ReplacedLog, uncopied } from "../client/kafka/replacedLogs.ts";
import { membersOf } from "../client/kafka/state.ts";
import type { LookAccess } from "./look.ts";
import type { SeenOld } from "./replaced.ts";

type Access = NonNullable<LookAccess["kafka"]>;

/** A replaced topic: it may go when all of it is copied, every group has its place in the new one, and nobody reads it any more. */
export async function seenTopic(
  access: Access,
  logs: readonly ReplacedLog[],
  groups: readonly string[],
): Promise<SeenOld> {
  return looking(access, async (cluster) => {
    const topics = new Set(await cluster.topics());
    const there = logs.filter(({ from }) => topics.has(from));
    const { from: old, to: next } = logs[0]!;
    const holds: string[] = [];
    for (const log of there) {
      const rest = sizeOf(await uncopied(cluster, log));
      if (rest > 0) holds.push(`${log.from}: ${rest} record${rest === 1 ? "" : "s"} not copied yet`);
    }
    if (topics.has(old)) {
      for (const group of groups)
        holds.push(...(await heldBy(cluster, group, old, topics.has(next) ? next : undefined)));
    }
    return { exists: there.length > 0, holds };
  });
}

async function heldBy(cluster: Cluster, group: string, old: string, next: string | undefined): Promise<string[]> {
  const committed = (await committedOffsets(cluster, group, [old])).get(old)!;
  const placed = committed.size === 0 || (next !== undefined && (await hasPlace(cluster, group, next)));
  const { length: members } = await membersOf(cluster, group, old);
  return [
    ...(placed ? [] : [`group ${group}: no place in the new topic yet`]),
    ...(members > 0
      ? [`group ${group}: ${members} consumer${members === 1 ? "" : "s"}, which must read the new access`]
      : []),
  ];
}

async function looking<T>(access: Access, ask: (cluster: Cluster) => Promise<T>): Promise<T> {
  const cluster = openCluster(access, `messaging-look/${randomUUID()}`);
  try {
    return await patiently(cluster, "looking at a topic that is replaced", () => ask(cluster));
  } finally {
    await cluster.close();
  }
}
