import { compareIds, nextId } from "./entryId.ts";
import { text, toRecords } from "./replies.ts";
import type { Server } from "./server.ts";

/** How far a consumer group of a stream is. */
export interface Progress {
  /** The last entry that was delivered to any of its consumers; `0-0` before the first. */
  lastDelivered: string;
  /** The first entry that was delivered and is not acknowledged, if there is one. */
  firstPending?: string;
}

/**
 * The id before which every group has acknowledged every entry; undefined where there is no group. It stays true while groups go on,
 * so the progress of each group may be asked for at another moment.
 */
export function safeId(groups: readonly Progress[]): string | undefined {
  const bounds = groups.map(({ lastDelivered, firstPending }) => firstPending ?? nextId(lastDelivered));
  return bounds.length === 0 ? undefined : bounds.reduce((a, b) => (compareIds(a, b) <= 0 ? a : b));
}

/** How long nothing is trimmed after a group has vanished, in milliseconds: time to make it again, and not long enough to fill a server. */
const VANISHED_MS = 600_000;

/**
 * Removes from the stream what every group has acknowledged; returns how many entries that were. `seen`: when it met each group last, as
 * earlier calls of the same trimmer noted. Throws where one of them has vanished lately, for it would miss what it has not acknowledged.
 */
export async function trim(server: Server, stream: string, seen = new Map<string, number>()): Promise<number> {
  const groups = toRecords(await server.ask(["XINFO", "GROUPS", stream]));
  const now = Date.now();
  for (const { name } of groups) seen.set(text(name), now);
  const vanished = [...seen].flatMap(([name, at]) => (at < now && now - at < VANISHED_MS ? [name] : []));
  if (vanished.length > 0) {
    const until = `for ${VANISHED_MS / 60_000} min, as its consumer group ${vanished.join(", ")} was deleted`;
    throw new Error(`${server.name}: nothing of stream ${stream} is trimmed ${until} and may be created again`);
  }
  const progress = await Promise.all(
    groups.map(async (group): Promise<Progress> => {
      const lastDelivered = text(group["last-delivered-id"]);
      if (group.pending === 0) return { lastDelivered };
      const [, first] = (await server.ask(["XPENDING", stream, text(group.name)])) as [number, Buffer | null];
      return { lastDelivered, ...(first !== null && { firstPending: text(first) }) };
    }),
  );
  const safe = safeId(progress);
  return safe === undefined ? 0 : Number(await server.ask(["XTRIM", stream, "MINID", safe]));
}
