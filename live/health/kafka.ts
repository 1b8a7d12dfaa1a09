import { randomUUID } from "node:crypto";
import { ConfigResourceTypes } from "@platformatic/kafka";
import type { AppAccess } from "../../client/access.ts";
import { type Cluster, openCluster } from "../../client/kafka/cluster.ts";
import { readLog } from "../../client/kafka/log.ts";
import { committedOffsets } from "../../client/kafka/offsets.ts";
import { patiently } from "../../client/kafka/patience.ts";
import { dateOf } from "../../client/kafka/records.ts";
import { begin, wholeLog } from "../../client/kafka/remaining.ts";
import { isRetryTopicOf, membersOf } from "../../client/kafka/state.ts";
import { describeConfigsV4, metadataV10 } from "../../client/kafka/wire.ts";
import { ConnectionError, RefusedError } from "../../client/message.ts";
import type { KafkaDeadLetters, KafkaOperator } from "../../client/operator.ts";
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

/** A group on its topic, or on one of its retry topics. */
export interface GroupFigures {
  flow: string;
  topic: string;
  group: string;
  /** Milliseconds that a record waits in this topic before it is to be read; 0: it is no retry topic. */
  delay: number;
  /** Those that read this topic. */
  members: number;
  autoOffsetReset: "earliest" | "latest";
  partitions: PartitionFigures[];
}

/** A topic as it is configured and replicated. */
export interface TopicFigures {
  topic: string;
  /** `min.insync.replicas`, and `retention.ms` (-1: for ever), as they are in force. */
  minInsync: number;
  retentionMs: number;
  /** `offline`: brokers that have a copy and cannot read or write it, though they run. */
  partitions: { partition: number; leader: number; replicas: number[]; insync: number[]; offline: number[] }[];
}

/** What of Kafka tells how its flows are. */
export interface KafkaFigures {
  topics: TopicFigures[];
  groups: GroupFigures[];
  /** Topics of flows that are not on the broker. */
  missing: { flow: string; topic: string }[];
  /** Groups of which the broker, which answers, does not tell. */
  untold: { flow: string; why: string }[];
}

type Apps = Record<string, Pick<AppAccess, "kafka">>;

/** The topics that flows are on, and how far their consumer groups are. `apps`: what tells their retry topics. Throws a ConnectionError. */
export async function kafkaFigures(access: KafkaOperator, apps: Apps = {}): Promise<KafkaFigures> {
  const cluster = openCluster(access, `messaging-doctor/${randomUUID()}`);
  const place = `kafka at ${access.bootstrapServers.join(", ")}`;
  const asked = <T>(doing: string, ask: () => Promise<T>): Promise<T> => inTime(place, patiently(cluster, doing, ask));
  try {
    const listed = await asked("looking at the topics", () => cluster.topics());
    const flows = access.deadLetters.map((own) => {
      const retries = listed.filter(isRetryTopicOf(own.topic, own.groupId));
      const wanted = [own.topic, own.redriveTopic, ...retriesOf(own, apps)];
      return { own, retries, missing: [...new Set(wanted)].filter((topic) => !listed.includes(topic)) };
    });
    const names = flows.flatMap(({ own, retries }) => [own.topic, own.deadLetterTopic, ...retries]);
    const there = [...new Set(names)].filter((topic) => listed.includes(topic));
    const groups = flows.flatMap(({ own, retries }) => {
      const read = [own.topic, ...retries].filter((topic) => listed.includes(topic));
      return read.map((topic) => ({ own, topic }));
    });
    const untold: KafkaFigures["untold"] = [];
    const [topics, told] = await Promise.all([
      there.length === 0 ? [] : asked("looking at the topics", () => topicsOf(cluster, there)),
      // The coordinator of a group is made when it is first asked for.
      eachOf(groups, ({ own, topic }) =>
        asked(`looking at group ${own.groupId}`, () => groupOn(cluster, own, topic)).catch((error: Error) => {
          if (!(error instanceof ConnectionError || error instanceof RefusedError)) throw error;
          untold.push({ flow: own.flow, why: error.message });
          return undefined;
        }),
      ),
    ]);
    return {
      topics,
      groups: told.filter((one) => one !== undefined),
      missing: flows.flatMap(({ own: { flow }, missing }) => missing.map((topic) => ({ flow, topic }))),
      untold,
    };
  } finally {
    await cluster.close();
  }
}

const retriesOf = ({ topic, groupId }: KafkaDeadLetters, apps: Apps): string[] =>
  Object.values(apps).flatMap(({ kafka }) =>
    (kafka?.consumes[groupId]?.[topic]?.retries ?? []).map(({ place }) => place),
  );

async function groupOn(cluster: Cluster, own: KafkaDeadLetters, topic: string): Promise<GroupFigures> {
  const { flow, groupId, autoOffsetReset } = own;
  const isRetry = topic !== own.topic;
  return {
    flow,
    topic,
    group: groupId,
    delay: isRetry ? Number(topic.split(".").at(-1)) : 0,
    autoOffsetReset: isRetry ? "earliest" : autoOffsetReset,
    members: (await membersOf(cluster, groupId, topic)).length,
    partitions: await partitionsOf(cluster, topic, groupId),
  };
}

async function topicsOf(cluster: Cluster, names: string[]): Promise<TopicFigures[]> {
  const resourceType = ConfigResourceTypes.TOPIC;
  const asked = names.map((resourceName) => ({ resourceType, resourceName, configurationKeys: null }));
  const [{ topics, brokers }, { results }] = await Promise.all([
    cluster.ask(metadataV10.api, names, false, false),
    cluster.ask(describeConfigsV4.api, asked, false, false),
  ]);
  const running = brokers.map(({ nodeId }) => nodeId);
  return topics.map(({ name, partitions }) => {
    const configs = results.find(({ resourceName }) => resourceName === name)?.configs ?? [];
    const setting = (key: string) => configs.find((one) => one.name === key)?.value;
    return {
      topic: name!,
      minInsync: Number(setting("min.insync.replicas") ?? 1),
      retentionMs: Number(setting("retention.ms") ?? -1),
      partitions: partitions.map(({ partitionIndex, leaderId, replicaNodes, isrNodes, offlineReplicas }) => ({
        partition: partitionIndex,
        leader: leaderId,
        replicas: replicaNodes,
        insync: isrNodes,
        offline: offlineReplicas.filter((node) => running.includes(node)),
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
    const oldestUnread = first && dateOf(first.timestamp);
    return {
      partition: log.partition,
      first: Number(log.from),
      end: Number(log.to),
      ...(position !== undefined && { committed: Number(position) }),
      ...(oldestUnread && { oldestUnread }),
    };
  });
}
