import {
  type Claimed,
  claim,
  consumersOf,
  type Group,
  type GroupConsumer,
  isOurs,
  pendingOf,
  readNew,
  type TellRemoved,
  takeAgain,
} from "./group.ts";
import type { Hands } from "./hands.ts";
import { type RetrySchedule, retryConsumer, retryDelayOf } from "./retrySchedule.ts";

/** How a consumer finds what it is to handle. All of it runs on one connection, one command after the other. */
export interface Fetching {
  /** On a connection of its own, for reading waits. */
  of: Group;
  /** The consumer's name. */
  name: string;
  hands: Hands;
  schedule: RetrySchedule;
  /** Milliseconds after which an entry that its consumer did not touch is taken from it. */
  crashTimeout: number;
  /** Whether what was given back to everybody is left alone. */
  canariesOnly: boolean;
  tellRemoved: TellRemoved;
}

/** The longest wait for a message in milliseconds; a consumer that stops waits for its end. */
const LONGEST_BLOCK_MS = 500;
/** The shortest: entries that fail meanwhile with a shorter delay are late by so much. */
const SHORTEST_BLOCK_MS = 50;
/** Entries that a lost connection may have lost, over and above those in hand. */
const MOST_ORPHANS = 1_000;
/** Names of ours without entries that did not ask for anything for so many milliseconds belong to processes that are gone. */
const FORGOTTEN_MS = 3_600_000;

/** Finds what is to be handled next, at most as much as there is room for in hand. */
export interface Fetcher {
  /** What was delivered to this consumer and lost with its connection; nothing while the connection holds. */
  orphans(): Promise<Claimed[]>;
  /** Failed entries whose delay is over: those that failed here, and now and then those that failed elsewhere. */
  retries(): Promise<Claimed[]>;
  /** Now and then: what consumers that are gone left behind. */
  crashed(): Promise<Claimed[]>;
  /** New messages; waits for the first until a retry is due or half a second is over. */
  fresh(): Promise<Claimed[]>;
}

export function fetcher({ of, name, hands, schedule, crashTimeout, canariesOnly, tellRemoved }: Fetching): Fetcher {
  let losses = of.server.losses();
  let sweepAt = 0;

  const claimFrom = async (consumer: string, idle: number, most: number): Promise<Claimed[]> => {
    const waiting = most > 0 ? await pendingOf(of, consumer, most, idle) : [];
    return claim(
      of,
      name,
      waiting.map(({ id }) => id),
      idle,
      tellRemoved,
    );
  };

  return {
    async orphans() {
      const now = of.server.losses();
      if (losses === now) return [];
      const own = new Set(hands.since(Number.POSITIVE_INFINITY));
      const lost = (await pendingOf(of, name, own.size + MOST_ORPHANS)).filter(({ id }) => !own.has(id));
      const taken = await Promise.all(lost.map((pending) => takeAgain(of, name, pending, tellRemoved)));
      losses = now;
      return taken.flat();
    },

    async retries() {
      const due = schedule.takeDue(Date.now(), hands.free());
      const found = (await Promise.all(due.map(({ delay, ids }) => claim(of, name, ids, delay, tellRemoved)))).flat();
      for (const delay of schedule.scans(Date.now())) {
        const free = hands.free() - found.length;
        if (free <= 0) break;
        const more = await claimFrom(retryConsumer(delay), delay, free);
        found.push(...more);
        schedule.scanned(delay, Date.now(), more.length === free);
      }
      return found;
    },

    async crashed() {
      if (Date.now() < sweepAt) return [];
      const consumers = await consumersOf(of);
      for (const delay of delaysOf(consumers)) if (delay > 0 || !canariesOnly) schedule.expect(delay);
      for (const gone of forgotten(consumers))
        await of.server.ask(["XGROUP", "DELCONSUMER", of.stream, of.group, gone]);
      const found: Claimed[] = [];
      for (const consumer of others(consumers, name)) {
        found.push(...(await claimFrom(consumer, crashTimeout, hands.free() - found.length)));
      }
      sweepAt = found.length > 0 && found.length === hands.free() ? 0 : Date.now() + crashTimeout / 3;
      return found;
    },

    async fresh() {
      const free = hands.free();
      if (free <= 0) return [];
      const entries = await readNew(of, name, free, blockFor(schedule, Date.now()));
      return entries.map((entry) => ({ entry, attempt: 1 }));
    },
  };
}

/** How long to wait for a message: not past the next retry, nor past one that fails meanwhile. */
export function blockFor(schedule: RetrySchedule, now: number): number {
  const longest = Math.min(LONGEST_BLOCK_MS, Math.max(SHORTEST_BLOCK_MS, schedule.shortest()));
  // The server takes 0 for ever.
  return Math.max(1, Math.min(longest, schedule.next() - now));
}

/** The delays that entries wait for. */
const delaysOf = (consumers: readonly GroupConsumer[]): number[] =>
  consumers.flatMap(({ name, pending }) => (pending > 0 ? [retryDelayOf(name) ?? []] : []).flat());

/** Consumers that hold entries and are somebody else. */
const others = (consumers: readonly GroupConsumer[], own: string): string[] =>
  consumers
    .filter(({ name, pending }) => pending > 0 && name !== own && retryDelayOf(name) === undefined)
    .map(({ name }) => name);

/** Names of consumers of ours that are gone and hold nothing. */
export const forgotten = (consumers: readonly GroupConsumer[]): string[] =>
  consumers
    .filter(({ name, pending, idle }) => isOurs(name) && pending === 0 && idle > FORGOTTEN_MS)
    .map(({ name }) => name);
