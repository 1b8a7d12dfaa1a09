import { ConnectionError, type ConsumeOptions } from "./message.ts";

type Tell = NonNullable<ConsumeOptions["onError"]>;

/** Tells errors, each once for as long as it stays so. */
export interface Telling {
  (error: Error): void;
  /** What was told under these names is over: it is told again when it comes again. */
  well(states: Iterable<string>): void;
}

/** An error that has not come for so long is told again when it does, in milliseconds: longer than any pause between two tries. */
const SAME_STATE_MS = 120_000;
/** What was well for a shorter time than this, in milliseconds, was not well: a broker that comes and goes is told of once. */
const WELL_MS = 5_000;

/** The telling of a consumer's errors; one that comes of telling ends nothing. */
export function quietly(tell: Tell | undefined, now = Date.now): Telling {
  const known = new Map<string, { last: number; wellSince?: number }>();
  const telling = (error: Error): void => {
    const at = now();
    for (const [state, { last, wellSince = at }] of known) {
      if (at - wellSince >= WELL_MS || at - last > SAME_STATE_MS) known.delete(state);
    }
    const state = stateOf(error);
    const isNew = !known.has(state);
    known.set(state, { last: at });
    if (!isNew) return;
    try {
      tell?.(error);
    } catch {}
  };
  return Object.assign(telling, {
    well(states: Iterable<string>) {
      for (const state of states) {
        const one = known.get(state);
        if (one) one.wellSince ??= now();
      }
    },
  });
}

/** What goes wrong at one place. Others may be in trouble meanwhile: that this one is well again says nothing of them. */
export interface Trouble {
  tell(error: Error): void;
  /** What was told here is over. */
  over(): void;
}

/** The troubles of one place, told by `onError`. */
export function troubleOf(onError: Tell | Telling | undefined): Trouble {
  const states = new Set<string>();
  return {
    tell(error) {
      states.add(stateOf(error));
      onError?.(error);
    },
    over() {
      if (onError && "well" in onError) onError.well(states);
      states.clear();
    },
  };
}

/** By what an error is known: what a broker is in is one state, whatever each try says of it. */
const stateOf = (error: Error): string => (error instanceof ConnectionError && error.state) || error.message;
