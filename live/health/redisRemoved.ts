import { compareIds } from "../../client/redis/entryId.ts";
import type { Group } from "../../client/redis/group.ts";
import { text, toEntries, toPending, toRecords } from "../../client/redis/replies.ts";
import { retryDelayOf } from "../../client/redis/retrySchedule.ts";
import type { Reply } from "../../client/redis/server.ts";

/**
 * How many entries were removed that a group had not read, of one look at a stream and all of its groups. Only where all that is left
 * comes after the group's position: then as many are missing as were ever added, less those that the group has read and those that are
 * left.
 */
export function removedOf(stream: Reply, group: string): number {
  const [{ length, "entries-added": added } = {}] = toRecords([stream]);
  const own = toRecords(under(stream, "groups")).find(({ name }) => name === group);
  if (own === undefined || added === undefined) return 0;
  const oldest = firstOf(stream);
  if (oldest !== undefined && compareIds(oldest, String(own["last-delivered-id"])) <= 0) return 0;
  // Of a group that was not made by `up` and has read nothing yet, the server does not know.
  const read = own["entries-read"] ?? added;
  return Math.max(0, Number(added) - Number(read) - Number(length));
}

/** Entries that nobody can be given again: they were removed from the stream while they were pending. */
export interface RemovedPending {
  /** Of consumers. */
  inHand: number;
  /** Of those that failed and waited for a retry. */
  waiting: number;
}

/** How many of a group's pending entries, the oldest first, are looked for in the stream. */
const MOST_LOOKED_FOR = 10_000;

/** `stream`: what the server said of it a moment ago (XINFO STREAM FULL). Nothing is changed: XCLAIM would forget them. */
export async function removedPending(of: Group, stream: Reply): Promise<RemovedPending> {
  const { server, stream: key, group } = of;
  const [{ "max-deleted-entry-id": deleted = "0-0" } = {}] = toRecords([stream]);
  const first = firstOf(stream);
  const pending = toPending(await server.ask(["XPENDING", key, group, "-", "+", String(MOST_LOOKED_FOR)]));
  const suspect = pending.filter(
    ({ id }) => first === undefined || compareIds(id, first) < 0 || compareIds(id, String(deleted)) <= 0,
  );
  const removed = await Promise.all(
    suspect.map(async (one) => {
      const { id } = one;
      if (toEntries(await server.ask(["XRANGE", key, id, id])).length > 0) return [];
      // One that was acknowledged since may be trimmed.
      const still = toPending(await server.ask(["XPENDING", key, group, id, id, "1"]));
      return still.length > 0 ? [one] : [];
    }),
  );
  const all = removed.flat();
  const waiting = all.filter(({ consumer }) => retryDelayOf(consumer) !== undefined).length;
  return { inHand: all.length - waiting, waiting };
}

/** The id of a stream's first entry; undefined: it is empty. */
function firstOf(stream: Reply): string | undefined {
  const [first] = under(stream, "entries");
  return Array.isArray(first) ? text(first[0]) : undefined;
}

/** The list that stands in a map of names and values under a name. */
function under(map: Reply, name: string): Reply[] {
  const flat = Array.isArray(map) ? map : [];
  const value = flat[flat.findIndex((each, at) => at % 2 === 0 && text(each) === name) + 1];
  return Array.isArray(value) ? value : [];
}
