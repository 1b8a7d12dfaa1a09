import { UntoldError } from "../message.ts";
import type { Cluster } from "./cluster.ts";
import { deleteRecordsV2, listOffsetsV6, type listOffsetsV7, offsetFetchV8 } from "./wire.ts";

/** By partition. */
export type Offsets = Map<number, bigint>;

// The protocol's words for the two ends of a log.
const ends = { earliest: -2n, latest: -1n } as const;

/** Where each of some partitions of a topic begins (default: of all), or the offset that its next record will get. */
export async function listOffsets(
  cluster: Cluster,
  topic: string,
  end: keyof typeof ends,
  partitions?: readonly number[],
): Promise<Offsets> {
  const found = await offsetsAt(cluster, topic, listOffsetsV6.api, ends[end], partitions);
  return new Map(
    found.sort((a, b) => a.partitionIndex - b.partitionIndex).map((one) => [one.partitionIndex, one.offset]),
  );
}

/**
 * What the leaders say of each partition at a time, or at one of the protocol's marks that this version of the request knows. Throws
 * where one of the partitions has no leader or its leader does not tell.
 */
export async function offsetsAt(
  cluster: Cluster,
  topic: string,
  api: typeof listOffsetsV6.api | typeof listOffsetsV7.api,
  timestamp: bigint,
  some?: readonly number[],
): Promise<listOffsetsV6.ListOffsetResponsePartition[]> {
  const wanted = some ?? [...(await cluster.leaders([topic])).get(topic)!.keys()];
  const answers = await Promise.all(
    [...(await byLeader(cluster, topic, wanted))].map(([leader, partitions]) => {
      const asked = partitions.map((partitionIndex) => ({
        partitionIndex,
        currentLeaderEpoch: cluster.epoch(topic, partitionIndex),
        timestamp,
      }));
      return cluster.call(leader, "offsets", api, -1, 0, [{ name: topic, partitions: asked }]);
    }),
  );
  const told = answers.flatMap(({ topics }) => topics.flatMap(({ partitions }) => partitions));
  const silent = wanted.find((partition) => !told.some(({ partitionIndex }) => partitionIndex === partition));
  if (silent !== undefined)
    throw new UntoldError(`the leader of partition ${silent} of ${topic} does not tell its offsets`);
  return told;
}

/** The positions that a group has committed on topics; a partition without one is absent. */
export async function committedOffsets(
  cluster: Cluster,
  groupId: string,
  topics: readonly string[],
  purpose = "offsets",
): Promise<Map<string, Offsets>> {
  const commits = await commitsOf(cluster, groupId, topics, purpose);
  return new Map(
    topics.map((topic) => [
      topic,
      new Map(commits.get(topic)?.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset])),
    ]),
  );
}

/** The metadata of a group's commits, one a partition. Consumers that keep the contract write CLIENT_NAME; librdkafka adds a zero byte. */
export async function marksOf(
  cluster: Cluster,
  groupId: string,
  topic: string,
): Promise<(string | null | undefined)[]> {
  const commits = await commitsOf(cluster, groupId, [topic], "offsets");
  return (commits.get(topic) ?? []).map(({ metadata }) => metadata);
}

async function commitsOf(cluster: Cluster, groupId: string, topics: readonly string[], purpose: string) {
  const leaders = await cluster.leaders(topics);
  const asked = topics.map((name) => ({ name, partitionIndexes: [...leaders.get(name)!.keys()] }));
  const node = await cluster.coordinator(groupId);
  const group = { groupId, memberEpoch: -1, topics: asked };
  const { groups } = await cluster.call(node, purpose, offsetFetchV8.api, [group], false);
  return new Map(
    groups[0]!.topics.map(({ name, partitions }) => [
      name,
      partitions.filter(({ committedOffset }) => committedOffset >= 0n),
    ]),
  );
}

/** Deletes a partition's records before an offset, for good. */
export async function deleteBefore(cluster: Cluster, topic: string, partition: number, offset: bigint): Promise<void> {
  const leader = await cluster.leader(topic, partition);
  const partitions = [{ partitionIndex: partition, offset }];
  await cluster.call(leader, "offsets", deleteRecordsV2.api, [{ name: topic, partitions }], 10_000);
}

/** The partitions that each node leads. */
async function byLeader(
  cluster: Cluster,
  topic: string,
  partitions: readonly number[],
): Promise<Map<number, number[]>> {
  const led = new Map<number, number[]>();
  for (const partition of partitions) {
    const leader = await cluster.leader(topic, partition);
    led.set(leader, [...(led.get(leader) ?? []), partition]);
  }
  return led;
}
