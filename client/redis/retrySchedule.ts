/** A failed entry waits as a pending entry of the consumer of this name, which nobody is, until `delay` milliseconds have passed. */
export const retryConsumer = (delay: number): string => `messaging.retry.${delay}`;

/** The delay that entries of this consumer wait for; undefined for a consumer that is somebody. */
export function retryDelayOf(consumer: string): number | undefined {
  const [, digits] = /^messaging\.retry\.(\d+)$/.exec(consumer) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** Milliseconds between two looks for entries that other instances left waiting. */
const SCAN_INTERVAL_MS = 500;
/** Entries of one delay that an instance remembers; those beyond are found by looking. */
const LONGEST_MEMORY = 10_000;

interface Tier {
  /** Entries that failed here, in the order in which they are due. */
  known: { id: string; due: number }[];
  scanAt: number;
}

const NOTHING: Tier = { known: [], scanAt: Number.POSITIVE_INFINITY };
const dueOf = ({ known }: Tier): number => known[0]?.due ?? Number.POSITIVE_INFINITY;

/** When to claim which waiting entries. Entries of one delay are due in the order in which they failed, and no delay holds back another. */
export interface RetrySchedule {
  /** Entries with this delay may wait, left by somebody else. */
  expect(delay: number): void;
  /** The entry began to wait at `now`. */
  failed(delay: number, id: string, now: number): void;
  /** When something is to be done next. */
  next(): number;
  /** The shortest delay that an entry may wait for; Infinity where none may. */
  shortest(): number;
  /** Takes entries that are due, `limit` at most, by delay. */
  takeDue(now: number, limit: number): { delay: number; ids: string[] }[];
  /** The delays whose waiting entries are to be looked for now. */
  scans(now: number): number[];
  /** They were looked for at `now`; `more`: some that are due were left. */
  scanned(delay: number, now: number, more: boolean): void;
}

export function retrySchedule(delays: readonly number[]): RetrySchedule {
  const tiers = new Map<number, Tier>();
  const tierOf = (delay: number): Tier => {
    const tier = tiers.get(delay) ?? { known: [], scanAt: 0 };
    tiers.set(delay, tier);
    return tier;
  };
  for (const delay of delays) tierOf(delay);

  return {
    expect: (delay) => void tierOf(delay),
    failed(delay, id, now) {
      const { known } = tierOf(delay);
      // The server counts whole milliseconds.
      if (known.length < LONGEST_MEMORY) known.push({ id, due: now + delay + 1 });
    },
    next: () =>
      [...tiers.values()].reduce(
        (soonest, tier) => Math.min(soonest, tier.scanAt, dueOf(tier)),
        Number.POSITIVE_INFINITY,
      ),
    shortest: () => Math.min(...[...tiers.keys()].filter((delay) => delay > 0)),
    takeDue(now, limit) {
      const taken = new Map<number, string[]>();
      for (let left = limit; left > 0; left--) {
        const [delay, tier] = [...tiers].reduce((a, b) => (dueOf(b[1]) < dueOf(a[1]) ? b : a), [0, NOTHING] as const);
        if (dueOf(tier) > now) break;
        taken.set(delay, [...(taken.get(delay) ?? []), tier.known.shift()!.id]);
      }
      return [...taken].map(([delay, ids]) => ({ delay, ids }));
    },
    scans: (now) => [...tiers].flatMap(([delay, { scanAt }]) => (scanAt <= now ? [delay] : [])),
    scanned(delay, now, more) {
      tierOf(delay).scanAt = more ? now : now + SCAN_INTERVAL_MS;
    },
  };
}
