import { RefusedError } from "../message.ts";
import { rangeAssignment } from "./assignment.ts";
import type { Cluster } from "./cluster.ts";
import { commitOnce } from "./commits.ts";
import { joinGroup, type Session } from "./group.ts";
import { committedOffsets, type Offsets } from "./offsets.ts";
import { patiently } from "./patience.ts";
import { is } from "./wire.ts";

/** As whom positions of a group without members are committed. */
const asNobody = (groupId: string): Omit<Session, "assignment" | "due" | "lost"> => ({
  groupId,
  purpose: "offsets",
  generationId: -1,
  memberId: "",
});

/** Commits positions of a group that has no members, by topic. */
export const commitAsNobody = (
  cluster: Cluster,
  groupId: string,
  positions: ReadonlyMap<string, Offsets>,
): Promise<void> =>
  patiently(cluster, `noting positions of ${groupId}`, () =>
    commitOnce(cluster, asNobody(groupId) as Session, positions),
  );

/** Whether a group has positions on a topic. */
export const hasPlace = async (cluster: Cluster, groupId: string, topic: string): Promise<boolean> =>
  (await committedOffsets(cluster, groupId, [topic])).get(topic)!.size > 0;

const sessionTimeout = 10_000;

/**
 * Gives a group its positions on a topic that it does not read yet. Kafka takes positions of a group with members from members only:
 * then this is one for a moment, and the group shares out its partitions twice. Throws a RefusedError where the group's members
 * share out by another protocol than `range`.
 */
export async function handOver(cluster: Cluster, groupId: string, topic: string, places: Offsets): Promise<void> {
  const positions = new Map([[topic, places]]);
  try {
    return await commitAsNobody(cluster, groupId, positions);
  } catch (error) {
    if (!(error instanceof RefusedError) || !is(error, "UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION")) throw error;
  }
  let committed = false;
  const membership = joinGroup({
    cluster,
    groupId,
    topics: [topic],
    protocol: "range",
    assign: rangeAssignment,
    sessionTimeout,
    async onAssigned(session) {
      if (committed) return;
      await commitOnce(cluster, session, positions);
      committed = true;
    },
    onRevoked: () => {},
    onError: () => {},
  });
  try {
    await membership.ready;
  } finally {
    await membership.leave();
  }
}
