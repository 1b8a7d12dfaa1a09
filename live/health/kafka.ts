import { randomUUID } from "node:crypto";
import { type Cluster, openCluster } from "../../client/kafka/cluster.ts";
import { readLog } from "../../client/kafka/log.ts";
import { committedOffsets } from "../../client/kafka/offsets.ts";
import { patiently } from "../../client/kafka/patience.ts";
import { begin, wholeLog } from "../../client/kafka/remaining.ts";
import { membersOf } from "../../client/kafka/state.ts";
import { describeConfigsV4, metadataV10 } from "../../client/kafka/wire.ts";
import type { KafkaOperator } from "../../client/operator.ts";
import { eachOf, inTime } from "../inTime.ts";

/** One partition as one consumer group is on it. */
export interface PartitionFigures {
  partition: number;
  /** Where the log begins and ends now. */
  first: number;
  end: number;
  /** What the group has committed; absent where it has not. */
  committed?: number;
  /** When the first record came that it has not read. */
  oldestUnread?: Date;
}

export interface GroupFigures {
  flow: string;
  topic: string;
  group: string;
  members: number;
  autoOffsetReset: "earliest" | "latest";
  partitions: PartitionFigures[];
}

export interface TopicFigures {
  topic: string;
  /** `min.insync.replicas`, and `retention.ms` (-1: for ever), as they are in force. */
  minInsync: number;
  retentionMs: number;
  partitions: { partition: number; leader: number; replicas: number; insync: number }[];
}

export interface KafkaFigures {
  topics: TopicFigures[];
  groups: GroupFigures[];
}

// ConfigResource.Type.TOPIC
const TOPIC = 2 as const;

/** The topics that flows are on, and how far their consumer groups are. Throws a ConnectionError. */
export async function kafkaFigures(access: KafkaOperator): Promise<KafkaFigures> {
  const cluster = openCluster(access, `messaging-doctor/${randomUUID()}`);
  const place = `kafka at ${access.bootstrapServers.join(", ")}`;
  try {
    // The coordinator of a group is made when it is first asked for.
    return await inTime(
      place,
      patiently(cluster, "looking at the groups", () => figures(cluster, access)),
    );
  } finally {
    await cluster.close();
  }
}

async function figures(cluster: Cluster, { deadLetters }: KafkaOperator): Promise<KafkaFigures> {
  const names = [...new Set(deadLetters.map(({ topic }) => topic))];
  const [topics, groups] = await Promise.all([
    names.length === 0 ? [] : topicsOf(cluster, names),
    eachOf(deadLetters, async ({ flow, topic, groupId, autoOffsetReset }) => ({
      flow,
      topic,
      group: groupId,
      autoOffsetReset,
      members: (await membersOf(cluster, groupId, topic)).length,
      partitions: await partitionsOf(cluster, topic, groupId),
    })),
  ]);
  return { topics, groups };
}

async function topicsOf(cluster: Cluster, names: string[]): Promise<TopicFigures[]> {
  const asked = names.map((resourceName) => ({ resourceType: TOPIC, resourceName, configurationKeys: null }));
  const [{ topics }, { results }] = await Promise.all([
    cluster.ask(metadataV10.api, names, false, false),
    cluster.ask(describeConfigsV4.api, asked, false, false),
  ]);
  return topics.map(({ name, partitions }) => {
    const configs = results.find(({ resourceName }) => resourceName === name)?.configs ?? [];
    const setting = (key: string) => configs.find((one) => one.name === key)?.value;
    return {
      topic: name!,
      minInsync: Number(setting("min.insync.replicas") ?? 1),
      retentionMs: Number(setting("retention.ms") ?? -1),
      partitions: partitions.map(({ partitionIndex, leaderId, replicaNodes, isrNodes }) => ({
        partition: partitionIndex,
        leader: leaderId,
        replicas: replicaNodes.length,
        insync: isrNodes.length,
      })),
    };
  });
}

async function partitionsOf(cluster: Cluster, topic: string, group: string): Promise<PartitionFigures[]> {
  const leaders = (await cluster.leaders([topic])).get(topic)!;
  // Of the others a finding says that nobody leads them.
  const led = [...leaders.keys()].filter((partition) => leaders[partition]! >= 0);
  const [logs, committed] = await Promise.all([
    wholeLog(cluster, topic, led),
    committedOffsets(cluster, group, [topic]),
  ]);
  return eachOf(logs, async (log) => {
    const position = committed.get(topic)!.get(log.partition);
    const from = begin(log, position);
    const first = from < log.to ? (await readLog(cluster, { ...log, from }).next()).value : undefined;
    return {
      partition: log.partition,
      first: Number(log.from),
      end: Number(log.to),
      ...(position !== undefined && { committed: Number(position) }),
      ...(first && { oldestUnread: new Date(Number(first.timestamp)) }),
    };
  });
}
