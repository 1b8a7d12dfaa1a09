import { setMaxListeners } from "node:events";
import type { KafkaSubscription } from "../access.ts";
import { type Refusals, refusingFor, verdictOn } from "../insist.ts";
import { lifecycle } from "../lifecycle.ts";
import { type Consumer, OutdatedAccessError, RefusedError } from "../message.ts";
import { waiting } from "../waiting.ts";
import { rangeAssignment } from "./assignment.ts";
import type { Cluster } from "./cluster.ts";
import { commits } from "./commits.ts";
import { type Fetcher, fetcher } from "./fetcher.ts";
import type { WithFormer } from "./former.ts";
import { joinGroup, type Session } from "./group.ts";
import { committedOffsets, listOffsets } from "./offsets.ts";
import { flowOf, type Work, workOn } from "./partition.ts";
import { patiently } from "./patience.ts";
import { refusedIfMissing, told } from "./wire.ts";

export interface ConsumerOptions extends Omit<Work, "refusals"> {
  cluster: Cluster;
  subscription: WithFormer;
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

/** What a session works with. */
interface Parts extends ConsumerOptions, Pick<Work, "refusals"> {
  /** Tells what went wrong with a topic or with the group, and says whether to ask again; it ends the consumer where it must. */
  goesOn(place: string, error: Error): boolean;
  fail(error: Error): void;
}

/** Starts a member of a group on a topic and the group's retry topics; returns when it has its partitions. */
export async function startConsumer(options: ConsumerOptions): Promise<Consumer> {
  const { cluster, subscription, onError } = options;
  const { topic, groupId, retries, former } = subscription;
  const retryTopics = new Set(retries.map(({ place }) => place));
  const refusals: Refusals = new Map();
  // Apart from those of publishing: an app may publish to a topic that it may no longer read.
  const unread: Refusals = new Map();
  let working: Working | undefined;

  const goesOn = (place: string, error: Error): boolean => {
    const failure = refusedIfMissing(error);
    // One that is deleted was empty.
    if (!(former.has(place) && failure instanceof RefusedError)) onError(failure);
    if (verdictOn(failure, refusingFor(unread, place, failure), true) === "again") return true;
    // Without a retry topic the consumer does what is left to do.
    if (!retryTopics.has(place)) fail(new OutdatedAccessError(flowOf(subscription), failure));
    return false;
  };
  const { consumer, fail } = lifecycle(() => membership.leave(), onError);

  const membership = joinGroup({
    cluster,
    groupId,
    topics: [topic, ...retryTopics],
    protocol: "range",
    assign: rangeAssignment,
    sessionTimeout: options.sessionTimeout,
    onError: (error) => void goesOn(groupId, error),
    async onAssigned(session) {
      working = await begin(session, { ...options, refusals, goesOn, fail });
    },
    async onRevoked(session) {
      const ended = working;
      working = undefined;
      if (ended) await finish(ended, session);
    },
  });
  await membership.ready;
  return consumer;
}

async function begin(session: Session, parts: Parts): Promise<Working> {
  const { cluster, subscription, onError, goesOn, fail } = parts;
  const ending = new AbortController();
  // Each partition listens to it.
  setMaxListeners(0, ending.signal);
  session.lost.signal.addEventListener("abort", () => ending.abort(), { once: true });
  const { autoOffsetReset, groupId } = subscription;
  const purpose = `fetch${++fetchers}.${groupId}`;
  const fetching = fetcher({ cluster, purpose, autoOffsetReset, onError, onUnread: goesOn });
  const committing = commits(cluster, session, ending.signal, (topic, error) => goesOn(topic ?? groupId, error));
  const begins = await patiently(
    cluster,
    `reading the positions of group ${groupId}`,
    () => startingPositions(cluster, session, subscription),
    20_000,
  );
  const started = begins.map(async ({ topic, partition, isNew, ...known }) => {
    const offset = known.offset ?? (await startOf(topic, partition, isNew));
    if (offset === undefined) return;
    // Whatever comes from now on is meant for the group, also when it is away before it handled anything.
    if (isNew && !(await committing.commit(topic, partition, offset))) return;
    const reading = fetching.read(topic, partition, offset);
    const commit = (next: bigint) => committing.commit(topic, partition, next);
    try {
      await workOn({ ...parts, reading, commit, ending: ending.signal, lost: session.lost.signal });
    } catch (error) {
      if (error instanceof OutdatedAccessError) return fail(error);
      onError(error as Error);
      session.due.abort();
    } finally {
      reading.close();
    }
  });
  return { fetching, ending, partitions: started };

  /** Where a partition begins that nobody led when the session began; undefined where that ended first. */
  async function startOf(topic: string, partition: number, isNew: boolean): Promise<bigint | undefined> {
    for (const again = waiting(); !ending.signal.aborted; await again.next(ending.signal)) {
      try {
        return (await listOffsets(cluster, topic, isNew ? "latest" : "earliest", [partition])).get(partition)!;
      } catch (error) {
        onError(told(error, `reading ${topic}`));
        cluster.forget();
      }
    }
    return undefined;
  }
}

interface Position {
  topic: string;
  partition: number;
  /** Absent where there is none yet, and no broker leads the partition: so it cannot be told. */
  offset?: bigint | undefined;
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
  const { leaders, refused } = await cluster.reachable([...assignment.keys()]);
  const ofWork = refused.get(subscription.topic);
  if (ofWork) throw told(ofWork, `reading ${subscription.topic}`);
  const committed = await committedOffsets(cluster, groupId, [...leaders.keys()], purpose);
  const found: Position[] = [];
  for (const [topic, partitions] of assignment) {
    // A retry topic that was taken away since it was assigned.
    if (!leaders.has(topic)) continue;
    const known = committed.get(topic)!;
    const fromEnd = topic === subscription.topic && subscription.autoOffsetReset === "latest" && known.size === 0;
    const led = partitions.filter((partition) => leaders.get(topic)![partition]! >= 0);
    const missing = led.filter((partition) => !known.has(partition));
    const start = await listOffsets(cluster, topic, fromEnd ? "latest" : "earliest", missing);
    for (const partition of partitions) {
      found.push({ topic, partition, offset: known.get(partition) ?? start.get(partition), isNew: fromEnd });
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
