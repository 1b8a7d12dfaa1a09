import { ConnectionError } from "../message.ts";
import { pause, waiting } from "../waiting.ts";
import type { Member } from "./assignment.ts";
import {
  type Assignment,
  decodeAssignment,
  decodeSubscription,
  encodeAssignment,
  encodeSubscription,
} from "./assignment.ts";
import type { Cluster } from "./cluster.ts";
import { heartbeatV4, is, joinGroupV7, leaveGroupV4, syncGroupV5, told } from "./wire.ts";

/** One generation of a group, as one of its members. */
export interface Session {
  groupId: string;
  /** The connection for this member's own requests. */
  purpose: string;
  memberId: string;
  generationId: number;
  assignment: Assignment;
  /** Aborted when the group is to be joined again: what is in hand is finished first. */
  due: AbortController;
  /** Aborted when the partitions may be another member's by now: nothing more is done for what is in hand. */
  lost: AbortController;
}

export interface GroupOptions {
  cluster: Cluster;
  groupId: string;
  topics: readonly string[];
  /** How partitions are given to members; the name is the group's protocol, which all its members must speak. */
  protocol: string;
  assign(
    members: readonly Member[],
    partitionCounts: ReadonlyMap<string, number>,
    leader: string,
  ): Map<string, Assignment>;
  /** Milliseconds without a heartbeat after which a member counts as dead; Kafka takes no less than 6,000 by default. */
  sessionTimeout: number;
  onAssigned(session: Session): Promise<void> | void;
  /** Finishes what is in hand, and returns then or when the session is lost. */
  onRevoked(session: Session): Promise<void> | void;
  onError(error: Error): void;
}

export interface Membership {
  /** Resolved with the first assignment. Rejected where Kafka refuses, or cannot be reached for 10 s. */
  ready: Promise<void>;
  /** Finishes what is in hand and leaves. */
  leave(): Promise<void>;
}

/** How long members have to finish what they have in hand when the group is joined again, in milliseconds. */
const rebalanceTimeout = 60_000;
const patience = 10_000;
/** How often a leader looks for new partitions, in milliseconds. */
const lookInterval = 60_000;

const gone = ["UNKNOWN_MEMBER_ID", "ILLEGAL_GENERATION", "FENCED_INSTANCE_ID"];

let members = 0;

/** Joins a consumer group by Kafka's classic protocol, and stays in it: it joins again whenever the group or a connection changes. */
export function joinGroup(options: GroupOptions): Membership {
  const { cluster, groupId, topics, protocol } = options;
  // Of this member alone: the broker answers no more on a connection on which a join waits for the others.
  const tag = `${groupId}.${++members}`;
  const purpose = `group.${tag}`;
  const joining = `join.${tag}`;
  const leaving = new AbortController();
  const started = Date.now();
  let memberId = "";
  let isReady = false;
  let isMember = false;
  let ready!: { resolve(): void; reject(error: Error): void };
  const readiness = new Promise<void>((resolve, reject) => {
    ready = { resolve, reject };
  });
  readiness.catch(() => {});

  const coordinator = () => cluster.coordinator(groupId);

  async function join(): Promise<Session> {
    const metadata = encodeSubscription(topics);
    const wanted = [{ name: protocol, metadata }];
    const joined = await cluster
      .call(
        await coordinator(),
        joining,
        joinGroupV7.api,
        groupId,
        options.sessionTimeout,
        rebalanceTimeout,
        memberId,
        null,
        "consumer",
        wanted,
      )
      .catch((error) => {
        memberId = is(error, "MEMBER_ID_REQUIRED") ? (error.response?.memberId ?? "") : memberId;
        throw error;
      });
    memberId = joined.memberId!;
    const { generationId, protocolName, leader } = joined;
    const given = leader === memberId ? await assign(joined.members) : [];
    const node = await coordinator();
    const call = [groupId, generationId, memberId, null, "consumer", protocolName, given] as const;
    const { assignment } = await cluster.call(node, joining, syncGroupV5.api, ...call);
    const session = { groupId, purpose, memberId, generationId, assignment: decodeAssignment(assignment) };
    const made = { ...session, due: new AbortController(), lost: new AbortController() };
    if (leader === memberId) void look(made);
    return made;
  }

  async function assign(joined: readonly { memberId: string; metadata: Buffer | null }[]) {
    const members = joined.map((member) => ({
      memberId: member.memberId,
      topics: decodeSubscription(member.metadata),
    }));
    // What is refused or gone is nobody's, and holds up nothing else.
    const { leaders } = await cluster.reachable([...new Set(members.flatMap((member) => member.topics))]);
    const counts = new Map([...leaders].map(([topic, led]) => [topic, led.length]));
    const assignments = options.assign(members, counts, memberId);
    return [...assignments].map(([member, own]) => ({ memberId: member, assignment: encodeAssignment(own) }));
  }

  /** A leader that joins again makes the whole group do so. */
  async function look({ due, lost }: Session): Promise<void> {
    const count = async () =>
      JSON.stringify([...(await cluster.reachable(topics)).leaders].map(([topic, { length }]) => [topic, length]));
    let before = await count().catch(() => undefined);
    while (!due.signal.aborted && !lost.signal.aborted) {
      await pause(lookInterval, AbortSignal.any([due.signal, lost.signal, leaving.signal]));
      if (leaving.signal.aborted) return;
      const now = await count().catch(() => before);
      if (before !== undefined && now !== before) due.abort();
      before = now;
    }
  }

  async function beat({ generationId, due, lost }: Session, ended: AbortSignal): Promise<void> {
    // A coordinator that starts again counts from then on, so it is to hear soon that this member is still there.
    const again = waiting(100, 500);
    let answered = true;
    while (!ended.aborted && !lost.signal.aborted) {
      if (answered) await pause(options.sessionTimeout / 5, ended);
      if (ended.aborted) return;
      answered = true;
      try {
        const node = await coordinator();
        await cluster.call(node, purpose, heartbeatV4.api, groupId, generationId, memberId, null);
        again.reset();
      } catch (error) {
        if (is(error, "REBALANCE_IN_PROGRESS")) due.abort();
        else if (is(error, ...gone)) lost.abort();
        else {
          // Whether somebody else took over, the coordinator alone knows: until it answers, all stays as it is.
          answered = false;
          options.onError(told(error, `staying in group ${groupId}`));
          cluster.forget();
          await again.next(ended);
        }
      }
    }
  }

  async function live(session: Session): Promise<void> {
    isMember = true;
    const ended = new AbortController();
    const beating = beat(session, ended.signal);
    try {
      await options.onAssigned(session);
      if (!isReady) ready.resolve();
      isReady = true;
      await anyAborted(session.due.signal, session.lost.signal, leaving.signal);
    } finally {
      await options.onRevoked(session);
      ended.abort();
      await beating;
      isMember = false;
    }
  }

  /** Whether to go on. */
  function goesOn(error: unknown): boolean {
    if (leaving.signal.aborted) return false;
    if (is(error, "UNKNOWN_MEMBER_ID", "FENCED_INSTANCE_ID")) memberId = "";
    if (is(error, "MEMBER_ID_REQUIRED", "REBALANCE_IN_PROGRESS", ...gone)) return true;
    const failure = told(error, `joining group ${groupId}`);
    cluster.forget();
    options.onError(failure);
    if (isReady || (failure instanceof ConnectionError && Date.now() - started < patience)) return true;
    ready.reject(failure);
    return false;
  }

  async function run(): Promise<void> {
    for (const again = waiting(); !leaving.signal.aborted; ) {
      try {
        await live(await join());
        again.reset();
      } catch (error) {
        if (!goesOn(error)) break;
        if (!is(error, "MEMBER_ID_REQUIRED")) await again.next(leaving.signal);
      }
    }
    ready.reject(new ConnectionError(`group ${groupId} was left before it was joined`));
    if (memberId === "") return;
    const node = await coordinator();
    await cluster.call(node, purpose, leaveGroupV4.api, groupId, [{ memberId }]);
  }

  const running = run().catch((error) => options.onError(told(error, `leaving group ${groupId}`)));
  return {
    ready: readiness,
    async leave() {
      leaving.abort();
      // A join is answered when all others have rejoined, which may be long.
      if (!isMember) await cluster.close(joining);
      await running;
    },
  };
}

/** Whether an error of a commit says that the partition may be another member's by now. */
export const isGone = (error: unknown): boolean => is(error, ...gone, "REBALANCE_IN_PROGRESS");

const anyAborted = (...signals: AbortSignal[]): Promise<void> =>
  new Promise((resolve) => {
    const any = AbortSignal.any(signals);
    if (any.aborted) resolve();
    else any.addEventListener("abort", () => resolve(), { once: true });
  });
