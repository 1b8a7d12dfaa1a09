import { isTooLarge, OutdatedAccessError, RefusedError } from "./message.ts";
import { troubleOf } from "./quietly.ts";
import { waiting } from "./waiting.ts";

/**
 * How long a place that refuses is asked again, in milliseconds: a right or a binding that `up` replaces is missing for a moment, and
 * each node learns of it in its own time.
 */
export const REFUSED_PATIENCE_MS = 10_000;
/** How long a place that is full is asked again, in milliseconds, while there is another. */
export const FULL_PATIENCE_MS = 30_000;
/** The longest pause between two tries, in milliseconds. */
const LONGEST_PAUSE_MS = 5_000;

/**
 * Since when each place says no, and when it said so last, by its name, as `Date.now()` tells it: what one message learned holds for
 * the next. A no that is older than the patience with it says nothing of now.
 */
export type Refusals = Map<string, { since: number; last: number }>;

/**
 * What follows from an error: a broker that is away is asked again without end, and so is the last place where it is merely full; a
 * place that said no for long enough (`refusingFor`, milliseconds) is left for the next one, and one to which the message is too large
 * at once.
 */
export function verdictOn(error: unknown, refusingFor: number, isLast: boolean): "again" | "elsewhere" {
  if (!(error instanceof RefusedError) || (error.full && isLast)) return "again";
  if (error.tooLarge) return "elsewhere";
  return refusingFor < (error.full ? FULL_PATIENCE_MS : REFUSED_PATIENCE_MS) ? "again" : "elsewhere";
}

/** Notes an error of a place, and says for how many milliseconds the place has been refusing. */
export function refusingFor(refusals: Refusals, place: string, error: unknown, now = Date.now()): number {
  const noted = refusals.get(place);
  const since = noted && now - noted.last <= FULL_PATIENCE_MS ? noted.since : now;
  // That one message is too large says nothing of the next.
  if (error instanceof RefusedError && !error.tooLarge) refusals.set(place, { since, last: now });
  return now - since;
}

/** What a consumer insists by. */
export interface Insistence {
  /** The consumer's flow, for the error that ends it. */
  flow: string;
  /** Told of every failure. */
  onError?: ((error: Error) => void) | undefined;
  /** No further try once it is aborted. */
  stopping: AbortSignal;
  refusals: Refusals;
}

/**
 * Tries the places in order, each until it takes what it is given or refuses for good; `refusal` says why the first was passed over.
 * Undefined: it was given up, as the consumer stops or it is not `needed` any more. Throws an OutdatedAccessError where all refuse, and
 * the last refusal where the message is too large for them.
 */
export async function insist<P extends { place: string }, T>(
  { flow, onError, stopping, refusals }: Insistence,
  places: readonly P[],
  attempt: (place: P, refusal?: string) => Promise<T>,
  needed: () => boolean = () => true,
): Promise<T | undefined> {
  let first: string | undefined;
  let last: unknown;
  for (const target of places) {
    const trouble = troubleOf(onError);
    for (const again = waiting(100, LONGEST_PAUSE_MS); needed(); ) {
      try {
        const result = await attempt(target, first);
        refusals.delete(target.place);
        trouble.over();
        return result;
      } catch (error) {
        trouble.tell(error as Error);
        if (stopping.aborted) return undefined;
        last = error;
        const since = refusingFor(refusals, target.place, error);
        if (verdictOn(error, since, target === places.at(-1)) === "elsewhere") break;
        await again.next(stopping);
        if (stopping.aborted) return undefined;
      }
    }
    if (!needed()) return undefined;
    first ??= (last as Error).message;
  }
  throw isTooLarge(last) ? last : new OutdatedAccessError(flow, last);
}
