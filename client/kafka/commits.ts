import { CLIENT_NAME } from "../deadLetters.ts";
import { waiting } from "../waiting.ts";
import type { Cluster } from "./cluster.ts";
import { isGone, type Session } from "./group.ts";
import type { Offsets } from "./offsets.ts";
import { is, offsetCommitV8, refusedWith, told } from "./wire.ts";

/** Commits positions of one session. Those that come while a commit is under way go together in the next. */
export interface Commits {
  /**
   * Commits where a partition is to be read on. Returns false where the session was lost before Kafka took it, or where it is of a
   * topic that Kafka refuses for good; until then it is tried again.
   */
  commit(topic: string, partition: number, offset: bigint): Promise<boolean>;
}

/** Commits positions by topic and partition, without trying again, with a mark for whoever reads them. */
export async function commitOnce(
  cluster: Cluster,
  { groupId, purpose, generationId, memberId }: Session,
  positions: ReadonlyMap<string, Offsets>,
  mark: string | null = null,
): Promise<void> {
  const asked = [...positions].map(([name, partitions]) => ({
    name,
    partitions: [...partitions].map(([partitionIndex, committedOffset]) => ({
      partitionIndex,
      committedOffset,
      committedLeaderEpoch: -1,
      committedMetadata: mark,
    })),
  }));
  const node = await cluster.coordinator(groupId);
  await cluster.call(node, purpose, offsetCommitV8.api, groupId, generationId, memberId, null, asked);
}

interface Pending {
  topic: string;
  partition: number;
  offset: bigint;
  done(committed: boolean): void;
}

/** How long a consumer that is stopped tries to commit, in milliseconds. */
const patience = 10_000;

/**
 * The commits of a session. When `ending` is aborted and Kafka cannot be reached, the session counts as lost after 10 s. `onRefused` is
 * told what Kafka says of a topic's positions, or of all (no topic), and says whether to try again.
 */
export function commits(
  cluster: Cluster,
  session: Session,
  ending: AbortSignal,
  onRefused: (topic: string | undefined, error: Error) => boolean,
): Commits {
  const { groupId, lost } = session;
  let pending: Pending[] = [];
  let committing = false;

  async function send(batch: readonly Pending[]): Promise<void> {
    // Of two positions of a partition the later one counts.
    const topics = new Map<string, Map<number, bigint>>();
    for (const { topic, partition, offset } of batch) {
      topics.set(topic, (topics.get(topic) ?? new Map()).set(partition, offset));
    }
    // A group that is stopped shows nothing else of who reads there.
    await commitOnce(cluster, session, topics, CLIENT_NAME);
  }

  async function patiently(batch: readonly Pending[]): Promise<void> {
    const started = Date.now();
    let left = batch;
    for (const again = waiting(100, 500); left.length > 0 && !lost.signal.aborted; ) {
      try {
        await send(left);
        left = settled(left, () => true);
      } catch (error) {
        if (isGone(error) || (ending.aborted && Date.now() - started > patience)) lost.abort();
        else {
          left = judged(left, error);
          cluster.forget();
          if (left.length > 0) await again.next(lost.signal);
        }
      }
    }
    for (const { done } of left) done(false);
  }

  /** Those that are left to commit after an error, which may be of some of the topics only. */
  function judged(batch: readonly Pending[], error: unknown): readonly Pending[] {
    const doing = `committing positions of group ${groupId}`;
    const answer = (error as { response?: offsetCommitV8.OffsetCommitResponse }).response;
    if (!answer?.topics || is(error, "GROUP_AUTHORIZATION_FAILED")) {
      return onRefused(undefined, told(error, doing)) ? batch : refused(batch);
    }
    let left = batch;
    for (const { name, partitions } of answer.topics) {
      const code = partitions.find(({ errorCode }) => errorCode !== 0)?.errorCode;
      const ofTopic = ({ topic }: Pending) => topic === name;
      if (code === undefined) left = settled(left, ofTopic);
      else if (!onRefused(name, told(refusedWith(code), doing))) left = refused(left, ofTopic);
    }
    return left;
  }

  const settled = (batch: readonly Pending[], which: (one: Pending) => boolean, committed = true) => {
    for (const one of batch.filter(which)) one.done(committed);
    return batch.filter((one) => !which(one));
  };
  const refused = (batch: readonly Pending[], which: (one: Pending) => boolean = () => true) =>
    settled(batch, which, false);

  async function run(): Promise<void> {
    committing = true;
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      await patiently(batch);
    }
    committing = false;
  }

  return {
    commit: (topic, partition, offset) =>
      new Promise((done) => {
        pending.push({ topic, partition, offset, done });
        if (!committing) void run();
      }),
  };
}
