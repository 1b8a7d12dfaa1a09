/** Receives messages. */
export interface Receiver {
  /** Makes no further call, and waits for those in progress and for the hands. */
  stop(): Promise<void>;
}

export interface ReceiverArgs<T> {
  /** Asks for one message; waits for it until the broker's own time is over (`waits`), or not at all. What it throws is told. */
  receive: (waits: boolean, stopping: AbortSignal) => Promise<T | undefined>;
  /** Never throws. `begins`: false for one that came while the consumer was stopped. */
  handle: (message: T, begins: boolean) => Promise<void>;
  /** Messages in hand at once. */
  concurrency: number;
  onError: (error: Error) => void;
}

/**
 * Receives messages one at a time, as many at once as there are free hands. One call waits for messages; more are made only after a
 * message has come, and end when they find nothing, so that an idle consumer costs one call at a time.
 */
export function startReceiving<T>({ receive, handle, concurrency, onError }: ReceiverArgs<T>): Receiver {
  const stopping = new AbortController();
  const hands = freeHands(concurrency);
  const running = new Set<Promise<void>>();
  const run = (task: Promise<void>) => {
    running.add(task);
    task.finally(() => running.delete(task));
  };
  let helpers = 0;

  const handled = async (message: T) => {
    await handle(message, !stopping.signal.aborted);
    hands.free();
  };
  const look = async (waits: boolean): Promise<"found" | "nothing"> => {
    await hands.take();
    // Those who waited for a hand while the consumer was stopped take no message.
    const message = stopping.signal.aborted ? undefined : await receive(waits, stopping.signal).catch(onError);
    if (!message) {
      hands.free();
      return "nothing";
    }
    run(handled(message));
    if (helpers < concurrency - 1) run(help());
    return "found";
  };
  const help = async () => {
    helpers++;
    while (!stopping.signal.aborted && (await look(false)) === "found");
    helpers--;
  };
  const watch = async () => {
    while (!stopping.signal.aborted) await look(true);
  };

  run(watch());
  return {
    async stop() {
      stopping.abort();
      while (running.size > 0) await Promise.all(running);
    },
  };
}

/** Lends out so many hands, to those who asked first. */
function freeHands(count: number) {
  const waiting: (() => void)[] = [];
  let left = count;
  return {
    async take() {
      if (left > 0) left--;
      else await new Promise<void>((resolve) => waiting.push(resolve));
    },
    free() {
      const next = waiting.shift();
      if (next) next();
      else left++;
    },
  };
}
