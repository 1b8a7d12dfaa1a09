/** How a long move is bounded, stopped and told of. */
export interface Moving {
  /** Milliseconds since 1970: what has not moved until then stays where it is. */
  deadline: number;
  /** Aborted: no further batch is begun. */
  stopping: AbortSignal;
  /** Told of progress, for people. */
  tell(line: string): void;
}

/** What became of a move. */
export interface Moved {
  /** Messages that the new place has confirmed. */
  messages: number;
  /** Why the old place is not empty or not free; empty where it is. */
  left: string[];
}

/** Whether a move still goes on. */
export const goesOn = ({ deadline, stopping }: Moving): boolean => !stopping.aborted && Date.now() < deadline;

const TELL_MS = 2_000;

/** Tells how many were moved, at once and then every two seconds at most. */
export function progress({ tell }: Moving, line: (count: number) => string): (count: number) => void {
  let told = 0;
  return (count) => {
    if (Date.now() - told < TELL_MS) return;
    told = Date.now();
    tell(line(count));
  };
}
