import { CLIENT_NAME, type FlowState } from "../deadLetters.ts";
import { canaryOf } from "../headers.ts";
import type { KafkaDeadLetters } from "../operator.ts";
import { decodeSubscription } from "./assignment.ts";
import type { Cluster } from "./cluster.ts";
import { type Range, readLog } from "./log.ts";
import { committedOffsets, type Offsets } from "./offsets.ts";
import { wholeLog } from "./remaining.ts";
import { describeGroupsV5 } from "./wire.ts";

/**
 * How far a group is behind on a topic and its retry topics, and who is in it. Canaries wait for nobody, as those for another group
 * of the topic that this one has not passed over yet: where few records wait, they are looked at.
 */
export async function stateOf(cluster: Cluster, own: KafkaDeadLetters): Promise<FlowState> {
  const { topic, groupId, autoOffsetReset } = own;
  const prefix = `${topic}.${groupId}.retry.`;
  const isRetryTopic = (name: string) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length));
  const topics = [topic, ...(await cluster.topics()).filter(isRetryTopic)];
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

/** Of each partition what lies behind a group's position. Without any position, a group begins at one end of the topic. */
export function unread(held: readonly Range[], committed: Offsets, fromEnd: boolean): Range[] {
  return held.flatMap((range) => {
    const start = fromEnd && committed.size === 0 ? range.to : range.from;
    const position = committed.get(range.partition) ?? start;
    // What was deleted is no longer waited for.
    const from = position > range.from ? position : range.from;
    return from < range.to ? [{ ...range, from }] : [];
  });
}

/** So many records are looked at; of more, each counts. */
const mostLookedAt = 1_000;

async function waitingIn(cluster: Cluster, ranges: readonly Range[]): Promise<number> {
  const all = Number(ranges.reduce((sum, { from, to }) => sum + to - from, 0n));
  if (all > mostLookedAt) return all;
  let waiting = 0;
  for (const range of ranges) {
    for await (const { headers } of readLog(cluster, range)) if (!canaryOf(headers)) waiting++;
  }
  return waiting;
}

/** The members of a group that read a topic. */
export async function membersOf(cluster: Cluster, groupId: string, topic: string) {
  const node = await cluster.coordinator(groupId);
  const { groups } = await cluster.call(node, "offsets", describeGroupsV5.api, [groupId], false);
  return groups[0]!.members.filter(({ memberMetadata }) => decodeSubscription(memberMetadata).includes(topic));
}
