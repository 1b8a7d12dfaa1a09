import { ConnectionError, RefusedError } from "../message.ts";
import { waiting } from "../waiting.ts";
import type { Assignment, Member } from "./assignment.ts";
import type { Cluster } from "./cluster.ts";
import { commitOnce } from "./commits.ts";
import { isGone, joinGroup, type Session } from "./group.ts";
import { redriveGroup } from "./remaining.ts";
import { isPassing, told } from "./wire.ts";

/** That nobody else takes from a dead-letter topic. */
export interface Hold {
  /** Throws a ConnectionError where Kafka gave the hold to somebody else, as after a long pause of this process. */
  check(): void;
  /** Notes that everything before an offset is done with. Throws as `check`, and where Kafka does not answer for 10 s. */
  removed(partition: number, before: bigint): Promise<void>;
  release(): Promise<void>;
}

/** Kafka's default for the least (group.min.session.timeout.ms): so long the next one waits for one that was killed. */
const sessionTimeout = 6_000;
const patience = 10_000;

/**
 * Holds a topic. A consumer group is the lock: its leader has it. Throws a RefusedError where somebody else has it for 10 s more; `taken`
 * says what that is.
 */
export async function hold(cluster: Cluster, topic: string, taken: string): Promise<Hold> {
  let session: Session | undefined;
  let timer: NodeJS.Timeout | undefined;
  let given!: { resolve(): void; reject(error: Error): void };
  const got = new Promise<void>((resolve, reject) => {
    given = { resolve, reject };
  });
  const membership = joinGroup({
    cluster,
    groupId: redriveGroup(topic),
    topics: [topic],
    protocol: "messaging-redrive",
    assign: toLeader,
    sessionTimeout,
    onAssigned: (joined) => {
      session = joined.assignment.size > 0 ? joined : undefined;
      if (session) given.resolve();
      else timer ??= setTimeout(() => given.reject(new RefusedError(`Kafka: ${taken}`)), patience);
    },
    // Where it is only joined again, the leader stays the leader.
    onRevoked: ({ lost }) => {
      if (lost.signal.aborted) session = undefined;
    },
    onError: () => {},
  });
  membership.ready.catch((error) => given.reject(error));
  try {
    await got;
  } catch (error) {
    await membership.leave();
    throw error;
  } finally {
    clearTimeout(timer);
  }

  const held = (): Session => {
    if (session) return session;
    throw new ConnectionError(`${topic} was taken over by another run: what was in hand may come twice`);
  };
  return {
    check: () => void held(),
    async removed(partition, before) {
      const deadline = Date.now() + patience;
      for (const again = waiting(); ; ) {
        try {
          return await commitOnce(cluster, held(), new Map([[topic, new Map([[partition, before]])]]));
        } catch (error) {
          // Of another generation while somebody joins: the next one is on its way.
          const passes = error instanceof ConnectionError ? false : isGone(error) || isPassing(error);
          if (!passes || Date.now() >= deadline) throw told(error, `noting what was removed from ${topic}`);
          if (!isGone(error)) cluster.forget();
          await again.next();
        }
      }
    },
    release: () => membership.leave(),
  };
}

const toLeader = (members: readonly Member[], counts: ReadonlyMap<string, number>, leader: string) => {
  const all: Assignment = new Map([...counts.keys()].map((topic) => [topic, [0]]));
  return new Map(
    members.map(({ memberId }): [string, Assignment] => [memberId, memberId === leader ? all : new Map()]),
  );
};
