/** The entries that a consumer has in hand: those that its handler works on, and those whose answer the server does not take yet. */
export interface Hands {
  /** Takes an entry at `now`; it fills a place. */
  take(id: string, now: number): void;
  /** The entry keeps being held, and its place is free for another. Returns whether there was room for that. */
  setAside(id: string): boolean;
  release(id: string): void;
  has(id: string): boolean;
  /** Those in hand since `moment` or before. */
  since(moment: number): string[];
  /** How many more the handler may work on. */
  free(): number;
  /** Waits until there is a free place. */
  whenFree(): Promise<void>;
  /** Waits until nothing is in hand. */
  whenEmpty(): Promise<void>;
}

/** Entries that are held without a place; more than these keep their places. */
const MOST_SET_ASIDE = 1_000;

export function handsOf(places: number): Hands {
  const held = new Map<string, number>();
  const aside = new Set<string>();
  let waiting: { met: () => boolean; resolve: () => void }[] = [];
  const free = () => places - (held.size - aside.size);
  const tell = () => {
    const [met, unmet] = [waiting.filter((one) => one.met()), waiting.filter((one) => !one.met())];
    waiting = unmet;
    for (const { resolve } of met) resolve();
  };
  const when = (met: () => boolean): Promise<void> =>
    met() ? Promise.resolve() : new Promise((resolve) => waiting.push({ met, resolve }));

  return {
    take: (id, now) => void held.set(id, now),
    setAside(id) {
      if (aside.has(id) || aside.size >= MOST_SET_ASIDE) return aside.has(id);
      aside.add(id);
      tell();
      return true;
    },
    release(id) {
      held.delete(id);
      aside.delete(id);
      tell();
    },
    has: (id) => held.has(id),
    since: (moment) => [...held].flatMap(([id, taken]) => (taken <= moment ? [id] : [])),
    free,
    whenFree: () => when(() => free() > 0),
    whenEmpty: () => when(() => held.size === 0),
  };
}
