import { CLIENT_NAME, type FlowState } from "../deadLetters.ts";
import { canaryOf } from "../headers.ts";
import type { KafkaDeadLetters } from "../operator.ts";
import { decodeSubscription } from "./assignment.ts";
import type { Cluster } from "./cluster.ts";
import { consumerGroups, type Member } from "./consumerGroups.ts";
import { type Range, readLog, sizeOf } from "./log.ts";
import { committedOffsets, marksOf, type Offsets } from "./offsets.ts";
import { begin, wholeLog } from "./remaining.ts";
import { describeGroupsV5, listGroupsV4, metadataV10 } from "./wire.ts";

/**
 * How far a group is behind on a topic and its retry topics, and who is in it. Canaries wait for nobody, as those for another group
 * of the topic that this one has not passed over yet: where few records wait, they are looked at.
 */
export async function stateOf(cluster: Cluster, own: KafkaDeadLetters): Promise<FlowState> {
  const { topic, groupId, autoOffsetReset } = own;
  const topics = [topic, ...(await cluster.topics()).filter(isRetryTopicOf(topic, groupId))];
  const committed = await committedOffsets(cluster, groupId, topics);
  const behind: Range[] = [];
  for (const name of topics) {
    const fromEnd = name === topic && autoOffsetReset === "latest";
    behind.push(...unread(await wholeLog(cluster, name), committed.get(name)!, fromEnd));
  }
  const members = await membersOf(cluster, groupId, topic);
  const ours = members.filter(({ clientId }) => clientId.startsWith(CLIENT_NAME)).length;
  return { waiting: await waitingIn(cluster, behind), consumers: members.length, ours };
}

/** Whether a topic is one of a group's retry topics, of whatever delay. */
export const isRetryTopicOf = (topic: string, groupId: string) => {
  const prefix = `${topic}.${groupId}.retry.`;
  return (name: string): boolean => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length));
};

/** Of each partition what lies behind a group's position. Without any position, a group begins at one end of the topic. */
export function unread(held: readonly Range[], committed: Offsets, fromEnd: boolean): Range[] {
  return held.flatMap((range) => {
    const start = fromEnd && committed.size === 0 ? range.to : range.from;
    // What was deleted is no longer waited for.
    const from = begin(range, committed.get(range.partition) ?? start);
    return from < range.to ? [{ ...range, from }] : [];
  });
}

/** So many records are looked at; of more, each counts. */
const mostLookedAt = 1_000;

async function waitingIn(cluster: Cluster, ranges: readonly Range[]): Promise<number> {
  const all = sizeOf(ranges);
  if (all > mostLookedAt) return all;
  let waiting = 0;
  for (const range of ranges) {
    for await (const { headers } of readLog(cluster, range)) if (!canaryOf(headers)) waiting++;
  }
  return waiting;
}

/**
 * The members of a group that read a topic. Those that do not say what they read are taken for some that do, as while a group is sharing
 * out its partitions. Of a group by the protocol of Kafka 4 (`group.protocol=consumer`) a broker before 3.7 tells nothing: it counts as
 * one member.
 */
export const membersOf = async (cluster: Cluster, groupId: string, topic: string): Promise<Member[]> =>
  (await membersOn(cluster, groupId, [topic]))[0]!;

/** The same for several topics, from one answer. */
export async function membersOn(cluster: Cluster, groupId: string, topics: readonly string[]): Promise<Member[][]> {
  const groups = await groupsOn(cluster, await cluster.coordinator(groupId), [groupId]);
  const members = groups.get(groupId) ?? [];
  return topics.map((topic) => members.filter((member) => member.topics?.includes(topic) ?? true));
}

/** Groups by which no app consumes: those that note how far a topic was copied, and those of kafka-console-consumer. */
const READS_NOTHING = /^(messaging\.replace\.|console-consumer-\d+$)/;

/**
 * The other groups of a topic, of this environment or not, with consumers that do not show that they keep the contract: by their name, or
 * by the mark of what they have committed where none is connected. Of one that does not say what it reads, the group's commits tell.
 */
export async function othersOn(cluster: Cluster, { topic, groupId }: KafkaDeadLetters): Promise<string[]> {
  const { brokers } = await cluster.ask(metadataV10.api, [], false, false);
  const found: string[] = [];
  for (const { nodeId } of brokers) {
    const listed = await listedOn(cluster, nodeId);
    const names = [...listed.keys()].filter((name) => name !== groupId && !READS_NOTHING.test(name));
    if (names.length === 0) continue;
    for (const [name, members] of await groupsOn(cluster, nodeId, names, listed)) {
      const strangers = members.filter(({ clientId }) => !clientId.startsWith(CLIENT_NAME));
      const isUntold = strangers.some(({ topics }) => topics === undefined);
      const marks = isUntold || members.length === 0 ? await marksOf(cluster, name, topic) : [];
      const reads = strangers.some(({ topics }) => topics?.includes(topic)) || marks.length > 0;
      if (reads && (isUntold || !marks.some((mark) => mark?.startsWith(CLIENT_NAME)))) found.push(name);
    }
  }
  return found.sort();
}

/** Those of some groups that a node coordinates, with their members. `all`: what {@link listedOn} said a moment ago. Default: it is asked. */
async function groupsOn(
  cluster: Cluster,
  node: number,
  names: readonly string[],
  all?: Map<string, boolean>,
): Promise<Map<string, Member[]>> {
  const { groups } = await cluster.call(node, "offsets", describeGroupsV5.api, [...names], false);
  const found = new Map<string, Member[]>();
  const dead: string[] = [];
  for (const group of groups) {
    if (group.groupState === "Dead") dead.push(group.groupId);
    else found.set(group.groupId, classicMembers(group));
  }
  if (dead.length === 0) return found;
  // To this question a group of another protocol is a dead one, which the list of all groups has all the same.
  const others = [...(all ?? (await listedOn(cluster, node)))].filter(([name]) => dead.includes(name));
  const active = others.filter(([, isActive]) => isActive).map(([name]) => name);
  const told = await consumerGroups(cluster, node, active);
  for (const [name, isActive] of others) found.set(name, told.get(name) ?? (isActive ? [{ clientId: "" }] : []));
  return found;
}

type Described = Awaited<ReturnType<typeof describeGroupsV5.api.async>>["groups"][number];

/** What members of Connect or of a schema registry say is no list of topics; while partitions are shared out nobody says anything. */
const classicMembers = ({ protocolType, members }: Described): Member[] =>
  members.map(({ clientId, memberMetadata }) =>
    protocolType === "consumer" && memberMetadata?.length > 0
      ? { clientId, topics: decodeSubscription(memberMetadata) }
      : { clientId },
  );

/** The groups that a node coordinates, and whether they have members. */
async function listedOn(cluster: Cluster, node: number): Promise<Map<string, boolean>> {
  const { groups } = await cluster.call(node, "offsets", listGroupsV4.api, [], []);
  const listed = groups.filter(({ groupState }) => !/^dead$/i.test(groupState));
  return new Map(listed.map(({ groupId, groupState }) => [groupId, !/^empty$/i.test(groupState)]));
}
