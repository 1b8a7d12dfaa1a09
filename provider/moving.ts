import type { Moved, Moving } from "../client/moving.ts";
import { tellEngine } from "./engineLog.ts";

/** How long one resource moves messages in one `pulumi up`, in milliseconds; the next one goes on. */
const LONGEST_MS = 300_000;

const stopping = new AbortController();

/** Ends every move after the batch that is under way. */
export const stopMoving = (): void => stopping.abort();

/**
 * Moves messages for a bounded time, tells of it among the lines of `pulumi up`, and gives back what the state keeps.
 * @throws what `move` throws, one sentence.
 */
export async function movedFor(what: string, move: (moving: Moving) => Promise<Moved>): Promise<Moved> {
  const tell = (line: string) => void tellEngine("info", line);
  const result = await move({ deadline: Date.now() + LONGEST_MS, stopping: stopping.signal, tell });
  await tellEngine("info", `${what}: ${result.messages} messages moved`);
  if (result.left.length > 0) {
    await tellEngine("warning", `${what} is not done: ${result.left.join("; ")}. The next pulumi up goes on.`);
  } else
    await tellEngine("info", `${what}: all is moved. Once nobody uses the old one, the next pulumi up removes it.`);
  return result;
}
