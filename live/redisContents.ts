import { ConnectionError } from "../client/message.ts";
import { isMissing } from "../client/redis/group.ts";
import { text, toRecords } from "../client/redis/replies.ts";
import type { Reply, Server, Words } from "../client/redis/server.ts";
import type { Holding } from "./holding.ts";
import { eachOf } from "./inTime.ts";

/** Keys of our own that are nobody's data, in the first database: the server's mark, and locks of redrives. */
const OWN = /^messaging:(cluster-id$|redrive:)/;

/** Keys that one call passes by. */
const PAGE = "1000";
/** How long a database is gone through, in milliseconds. */
const SCANNING_MS = 6_000;
/** Streams that are named. */
const NAMED = 5;

/** What one database of a server holds. */
export interface Contents {
  /** Keys that are no streams, our own apart. Where not all were gone through, also streams that were not seen. */
  keys: number;
  /** Entries by stream. */
  streams: Map<string, number>;
  /** Consumer groups that wait on empty streams, each as `<stream>/<group>`. */
  groups: string[];
  /** Whether all keys were gone through. */
  whole: boolean;
}

/** Goes through a database of so many keys; the connection is used for nothing else. */
export async function contentsOf(
  server: Server,
  database: string,
  size: number,
  patience = SCANNING_MS,
): Promise<Contents> {
  const end = Date.now() + patience;
  const ask = await choosing(server, database);
  const streams = new Map<string, number>();
  const groups: string[] = [];
  const scan = async (filter: string[], found: (keys: Buffer[]) => Promise<void>): Promise<boolean> => {
    for (let cursor = "0"; ; ) {
      const [next, keys] = (await ask(["SCAN", cursor, ...filter, "COUNT", PAGE])) as [Buffer, Buffer[]];
      await found(keys);
      cursor = text(next);
      if (cursor === "0") return true;
      if (Date.now() > end) return false;
    }
  };
  const allStreams = await scan(["TYPE", "stream"], async (keys) => {
    await eachOf(keys, async (key) => {
      const stream = text(key);
      const entries = Number(await ask(["XLEN", key]));
      streams.set(stream, entries);
      if (entries > 0) return;
      groups.push(...(await groupsOn(ask, key)).map(({ name }) => `${stream}/${name}`));
    });
  });
  const own = new Set<string>();
  const allOwn = await scan(["MATCH", "messaging:*"], async (keys) => {
    for (const key of keys.map(text)) if (database === "0" && OWN.test(key)) own.add(key);
  });
  return { keys: Math.max(0, size - streams.size - own.size), streams, groups, whole: allStreams && allOwn };
}

/** What a stream's consumer groups say of themselves; none where there is no such stream. */
export async function groupsOn(ask: (words: Words) => Promise<Reply>, stream: string | Buffer) {
  const groups = await ask(["XINFO", "GROUPS", stream]).catch((error) => {
    if (isMissing(error)) return null;
    throw error;
  });
  return toRecords(groups);
}

/** Commands of one database. A connection that is made again has the first one, and so must not be used. */
async function choosing(server: Server, database: string): Promise<(words: Words) => Promise<Reply>> {
  if (database === "0") return (words) => server.ask(words);
  await server.ask(["SELECT", database]);
  const losses = server.losses();
  return async (words) => {
    const reply = await server.send(words);
    if (server.losses() > losses) throw new ConnectionError(`${server.name}: the connection was lost`);
    return reply;
  };
}

/** What the databases of a server hold together, and who waits on its empty streams: one without a group is nothing. */
export function toHolding(all: readonly Contents[]): Holding {
  const keys = all.reduce((sum, contents) => sum + contents.keys, 0);
  const streams = all.flatMap((contents) => [...contents.streams]).filter(([, entries]) => entries > 0);
  const entries = streams.reduce((sum, [, count]) => sum + count, 0);
  const largest = streams.sort(([, a], [, b]) => b - a).slice(0, NAMED);
  const others = streams.length - largest.length;
  const empty = all.flatMap(({ groups }) => groups);
  const parts = [
    ...largest.map(([name, count]) => `${count} in ${name}`),
    ...(others > 0 ? [`the rest in ${others} other streams`] : []),
    ...(keys > 0 && entries > 0 ? [`${keys} keys`] : []),
    ...(all.every(({ whole }) => whole) ? [] : ["at least, as there are too many keys to look at each"]),
  ];
  return {
    messages: keys + entries,
    waiting: keys + entries,
    ...(keys > 0 && { unit: entries > 0 ? "item" : "key" }),
    detail: parts.length > 0 ? parts.join(", ") : "no streams",
    ...(empty.length > 0 && { empty }),
  };
}
