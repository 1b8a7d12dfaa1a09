import { RefusedError } from "../client/message.ts";
import type { RedisOperator } from "../client/operator.ts";
import { timeOf } from "../client/redis/entryId.ts";
import { countAfter } from "../client/redis/operator.ts";
import { text, toEntries, toRecords } from "../client/redis/replies.ts";
import { type Login, type Server, serverOf } from "../client/redis/server.ts";
import type { Holding } from "./holding.ts";
import { inTime } from "./inTime.ts";
import type { RedisLook } from "./look.ts";
import { contentsOf, toHolding } from "./redisContents.ts";

/** Where the mark of a server is, in its first database. */
export const IDENTITY_KEY = "messaging:cluster-id";

/** A Redis or Valkey server as its administrator. */
export function redisLook({ deadLetters: _, ...login }: RedisOperator): RedisLook & { close(): Promise<void> } {
  const server = serverOf(login);
  const asking = <T>(ask: () => Promise<T>): Promise<T> => inTime(server.name, ask());
  return {
    server: () => asking(async () => toHolding(await everyDatabase(server, login))),
    group: (stream, group) => asking(() => groupOf(server, stream, group)),
    exists: (user) => asking(async () => (await server.ask(["ACL", "GETUSER", user])) !== null),
    identity: () =>
      asking(async () => {
        const mark = await server.ask(["GET", IDENTITY_KEY]);
        return mark === null ? undefined : text(mark);
      }),
    close: async () => server.close(),
  };
}

/** The databases that have keys, each looked at over a connection of its own, for the one that is chosen is the connection's. */
async function everyDatabase(server: Server, login: Login) {
  const keyspace = text(await server.ask(["INFO", "keyspace"]));
  const databases = [...keyspace.matchAll(/^db(\d+):keys=(\d+)/gm)];
  const all = await Promise.all(
    databases.map(async ([, database, keys]) => {
      const own = serverOf(login);
      try {
        return await contentsOf(own, database!, Number(keys));
      } finally {
        own.close();
      }
    }),
  );
  return all;
}

async function groupOf(server: Server, stream: string, group: string): Promise<Holding | undefined> {
  const groups = await server.ask(["XINFO", "GROUPS", stream]).catch((error: Error) => {
    if (error instanceof RefusedError && text(error.cause as string).startsWith("ERR no such key")) return null;
    throw error;
  });
  const found = toRecords(groups).find(({ name }) => name === group);
  if (!found) return undefined;
  const lastDelivered = text(found["last-delivered-id"]);
  const pending = Number(found.pending);
  const unread = Number(found.lag ?? (await countAfter(server, stream, lastDelivered)));
  const messages = pending + unread;
  const oldest = messages > 0 ? await oldestOf(server, stream, group, lastDelivered) : undefined;
  return {
    messages,
    waiting: messages,
    detail: `${pending} not acknowledged, ${unread} not read`,
    ...(oldest && { oldest }),
  };
}

/** When the first entry came that the group has not acknowledged. */
async function oldestOf(
  server: Server,
  stream: string,
  group: string,
  lastDelivered: string,
): Promise<Date | undefined> {
  const [, pending] = (await server.ask(["XPENDING", stream, group])) as [number, Buffer | null];
  if (pending) return timeOf(text(pending));
  const [unread] = toEntries(await server.ask(["XRANGE", stream, `(${lastDelivered}`, "+", "COUNT", "1"]));
  return unread && timeOf(unread.id);
}
