import type { Cluster } from "./cluster.ts";
import { isGone, type Session } from "./group.ts";
import type { Offsets } from "./offsets.ts";
import { waiting } from "./waiting.ts";
import { offsetCommitV8, told } from "./wire.ts";

/** Commits positions of one session. Those that come while a commit is under way go together in the next. */
export interface Commits {
  /**
   * Commits where a partition is to be read on. Returns false where the session was lost before Kafka took it; until then it is
   * tried again.
   */
  commit(topic: string, partition: number, offset: bigint): Promise<boolean>;
}

/** Commits positions by topic and partition, without trying again. */
export async function commitOnce(
  cluster: Cluster,
  { groupId, purpose, generationId, memberId }: Session,
  positions: ReadonlyMap<string, Offsets>,
): Promise<void> {
  const asked = [...positions].map(([name, partitions]) => ({
    name,
    partitions: [...partitions].map(([partitionIndex, committedOffset]) => ({
      partitionIndex,
      committedOffset,
      committedLeaderEpoch: -1,
      committedMetadata: null,
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

/** The commits of a session. When `ending` is aborted and Kafka cannot be reached, the session counts as lost after 10 s. */
export function commits(
  cluster: Cluster,
  session: Session,
  ending: AbortSignal,
  onError: (error: Error) => void,
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
    await commitOnce(cluster, session, topics);
  }

  async function patiently(batch: readonly Pending[]): Promise<boolean> {
    const started = Date.now();
    for (const again = waiting(100, 500); !lost.signal.aborted; ) {
      try {
        await send(batch);
        return true;
      } catch (error) {
        if (isGone(error) || (ending.aborted && Date.now() - started > patience)) lost.abort();
        else {
          onError(told(error, `committing positions of group ${groupId}`));
          cluster.forget();
          await again.next(lost.signal);
        }
      }
    }
    return false;
  }

  async function run(): Promise<void> {
    committing = true;
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      const committed = await patiently(batch);
      for (const { done } of batch) done(committed);
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
