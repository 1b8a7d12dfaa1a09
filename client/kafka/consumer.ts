import { setMaxListeners } from "node:events";
import type { KafkaSubscription } from "../access.ts";
import type { Consumer } from "../message.ts";
import { rangeAssignment } from "./assignment.ts";
import type { Cluster } from "./cluster.ts";
import { commits } from "./commits.ts";
import { type Fetcher, fetcher } from "./fetcher.ts";
import { joinGroup, type Session } from "./group.ts";
import { committedOffsets, listOffsets } from "./offsets.ts";
import { type Work, workOn } from "./partition.ts";
import { patiently } from "./patience.ts";

export interface ConsumerOptions extends Work {
  cluster: Cluster;
  /** Milliseconds; see GroupOptions. */
  sessionTimeout: number;
}

/** The partitions that are worked on in one session. */
interface Working {
  fetching: Fetcher;
  ending: AbortController;
  partitions: Promise<void>[];
}

let fetchers = 0;

/** Starts a member of a group on a topic and the group's retry topics; returns when it has its partitions. */
export async function startConsumer(options: ConsumerOptions): Promise<Consumer> {
  const { cluster, subscription, onError } = options;
  const { topic, groupId, retries } = subscription;
  const topics = [topic, ...new Set(retries.map(({ place }) => place))];
  let working: Working | undefined;

  const membership = joinGroup({
    cluster,
    groupId,
    topics,
    protocol: "range",
    assign: rangeAssignment,
    sessionTimeout: options.sessionTimeout,
    onError,
    async onAssigned(session) {
      working = await begin(session, options);
    },
    async onRevoked(session) {
      const ended = working;
      working = undefined;
      if (ended) await finish(ended, session);
    },
  });
  await membership.ready;
  return { stop: () => membership.leave() };
}

async function begin(session: Session, options: ConsumerOptions): Promise<Working> {
  const { cluster, subscription, onError } = options;
  const ending = new AbortController();
  // Each partition listens to it.
  setMaxListeners(0, ending.signal);
  session.lost.signal.addEventListener("abort", () => ending.abort(), { once: true });
  const { autoOffsetReset, groupId } = subscription;
  const fetching = fetcher({ cluster, purpose: `fetch${++fetchers}.${groupId}`, autoOffsetReset, onError });
  const committing = commits(cluster, session, ending.signal, onError);
  const positions = await patiently(
    cluster,
    `reading the positions of group ${groupId}`,
    () => startingPositions(cluster, session, subscription),
    20_000,
  );
  const started = positions.map(async ({ topic, partition, offset, isNew }) => {
    // Whatever comes from now on is meant for the group, also when it is away before it handled anything.
    if (isNew && !(await committing.commit(topic, partition, offset))) return;
    const reading = fetching.read(topic, partition, offset);
    const commit = (next: bigint) => committing.commit(topic, partition, next);
    try {
      await workOn({ ...options, reading, commit, ending: ending.signal, lost: session.lost.signal });
    } catch (error) {
      onError(error as Error);
      session.due.abort();
    } finally {
      reading.close();
    }
  });
  return { fetching, ending, partitions: started };
}

interface Position {
  topic: string;
  partition: number;
  offset: bigint;
  /** The group has none yet, and begins at the end. */
  isNew: boolean;
}

/**
 * Where each partition is read on. Without a position the work topic begins where the skill says; a retry topic at its beginning, as
 * does a partition that was added to a topic that the group already reads: what is there was meant for the group.
 */
async function startingPositions(
  cluster: Cluster,
  { assignment, groupId, purpose }: Session,
  subscription: KafkaSubscription,
): Promise<Position[]> {
  const committed = await committedOffsets(cluster, groupId, [...assignment.keys()], purpose);
  const found: Position[] = [];
  for (const [topic, partitions] of assignment) {
    const known = committed.get(topic)!;
    const fromEnd = topic === subscription.topic && subscription.autoOffsetReset === "latest" && known.size === 0;
    const missing = partitions.some((partition) => !known.has(partition));
    const start = missing ? await listOffsets(cluster, topic, fromEnd ? "latest" : "earliest") : undefined;
    for (const partition of partitions) {
      const offset = known.get(partition) ?? start?.get(partition) ?? 0n;
      found.push({ topic, partition, offset, isNew: fromEnd });
    }
  }
  return found;
}

/** Waits until what is in hand is done, or is no longer this member's to do. */
async function finish({ ending, fetching, partitions }: Working, { lost }: Session): Promise<void> {
  ending.abort();
  await fetching.close();
  const left = new Promise<void>((resolve) => {
    if (lost.signal.aborted) resolve();
    else lost.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await Promise.race([Promise.all(partitions), left]);
}
