import { ConnectionError, type ConsumeOptions } from "./message.ts";

/** Tells errors, each once for as long as it stays so. */
export interface Telling {
  (error: Error): void;
  /** What was told is over: it is told again when it comes again. */
  well(): void;
}

/** An error that has not come for so long is told again when it does, in milliseconds: longer than any pause between two tries. */
const SAME_STATE_MS = 120_000;
/** What was well for a shorter time than this, in milliseconds, was not well: a broker that comes and goes is told of once. */
const WELL_MS = 5_000;

/** The telling of a consumer's errors; one that comes of telling ends nothing. */
export function quietly(tell: ConsumeOptions["onError"], now = Date.now): Telling {
  const last = new Map<string, number>();
  let wellSince: number | undefined;
  const telling = (error: Error): void => {
    const at = now();
    const isOver = wellSince !== undefined && at - wellSince >= WELL_MS;
    wellSince = undefined;
    for (const [state, when] of last) if (isOver || at - when > SAME_STATE_MS) last.delete(state);
    const state = stateOf(error);
    const isNew = !last.has(state);
    last.set(state, at);
    if (!isNew) return;
    try {
      tell?.(error);
    } catch {}
  };
  return Object.assign(telling, {
    well() {
      wellSince ??= now();
    },
  });
}

/** Says that what is told there is over, if anything was. */
export const well = (onError: ConsumeOptions["onError"] | Telling): void => {
  if (onError && "well" in onError) onError.well();
};

/** By what an error is known: that a broker does not answer is one state, whatever each try ends by. */
const stateOf = (error: Error): string =>
  error instanceof ConnectionError ? error.message.replace(/(does not answer[^:]*):.*$/s, "$1") : error.message;
