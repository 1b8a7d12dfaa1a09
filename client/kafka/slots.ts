/** How many may be at work at once. */
export interface Slots {
  /** Waits for a free slot; returns what frees it again, or undefined when `signal` was aborted before there was one. */
  take(signal: AbortSignal): Promise<(() => void) | undefined>;
}

/** So many slots; those who wait get one in turn. */
export function slots(count: number): Slots {
  let free = count;
  const queue = new Set<() => void>();

  const release = () => {
    const [next] = queue;
    if (next) next();
    else free++;
  };

  /** Whether the slot of somebody who was done became this one's. */
  const turn = (signal: AbortSignal): Promise<boolean> =>
    new Promise((resolve) => {
      const end = (got: boolean) => () => {
        queue.delete(given);
        signal.removeEventListener("abort", gaveUp);
        resolve(got);
      };
      const given = end(true);
      const gaveUp = end(false);
      queue.add(given);
      signal.addEventListener("abort", gaveUp, { once: true });
    });

  return {
    async take(signal) {
      if (signal.aborted) return undefined;
      if (free > 0) free--;
      else if (!(await turn(signal))) return undefined;
      return release;
    },
  };
}
