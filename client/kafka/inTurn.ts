import { errorIds, isPassing } from "./wire.ts";

/** A broker that let a question wait for so long and said nothing, in milliseconds, is silent. */
const longWait = 1_000;
/** For so long it is asked last, in milliseconds: a frozen broker is waited for once, and not by each question. */
const silenceAge = 30_000;

/** Until when a broker counts as silent, by `host:port`: so it does for whoever asks next in this process. */
const silent = new Map<string, number>();

/** Asks these servers, each `host:port`, one after the other until one answers; `passed` is told who did not. Those that have just kept silent are the last. */
export async function inTurn<T>(
  servers: readonly string[],
  ask: (server: string) => Promise<T>,
  passed: (server: string) => void,
): Promise<T> {
  const last = servers.filter((server) => (silent.get(server) ?? 0) > Date.now());
  let answer: unknown;
  let silence: unknown;
  for (const server of [...servers.filter((one) => !last.includes(one)), ...last]) {
    // What a broker said is of more use than that another says nothing.
    if (answer !== undefined && last.includes(server)) break;
    const since = Date.now();
    try {
      const told = await ask(server);
      silent.delete(server);
      return told;
    } catch (error) {
      if (!isPassing(error)) throw error;
      passed(server);
      if (errorIds(error).length > 0) {
        answer = error;
        continue;
      }
      silence = error;
      if (Date.now() - since >= longWait) silent.set(server, Date.now() + silenceAge);
    }
  }
  throw answer ?? silence;
}
