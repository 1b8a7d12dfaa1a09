import type { Consumer } from "./message.ts";

/** How a consumer ends, once: by `stop`, or by what it cannot go on after. */
export interface Lifecycle {
  consumer: Consumer;
  /** Ends it with this error, which is told; nothing where it is ending already. */
  fail(error: Error): void;
}

/** `leave` finishes what is in hand and gives back what is not; it is called once. */
export function lifecycle(leave: () => Promise<void>, onError?: (error: Error) => void): Lifecycle {
  let leaving: Promise<void> | undefined;
  let resolve!: (error: Error | undefined) => void;
  const ended = new Promise<Error | undefined>((settle) => {
    resolve = settle;
  });
  const end = (error?: Error): Promise<void> => {
    leaving ??= leave().finally(() => resolve(error));
    return leaving;
  };
  return {
    consumer: { stop: () => end(), ended },
    fail(error) {
      if (leaving) return;
      onError?.(error);
      end(error).catch((failure) => onError?.(failure));
    },
  };
}
