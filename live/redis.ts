import { timeOf } from "../client/redis/entryId.ts";
import { unreadOf } from "../client/redis/operator.ts";
import { text, toEntries } from "../client/redis/replies.ts";
import { type Login, type Server, serverOf } from "../client/redis/server.ts";
import { saidIn, untoldBy } from "../client/redis/telling.ts";
import { deadLetterStreamName } from "../skill/index.ts";
import { type Holding, UnknownHolding } from "./holding.ts";
import { inTime } from "./inTime.ts";
import type { RedisLook } from "./look.ts";
import { contentsOf, groupsOn, toHolding } from "./redisContents.ts";
import { markOf } from "./redisIdentity.ts";

/** A Redis or Valkey server as its administrator. */
export function redisLook(login: Login): RedisLook & { close(): Promise<void> } {
  const server = serverOf(login);
  const asking = <T>(ask: () => Promise<T>): Promise<T> => inTime(server.name, ask());
  /** Before and after: one that began to load, or became a replica, meanwhile has told of something else. */
  const telling = <T>(ask: () => Promise<T>): Promise<T> =>
    asking(async () => {
      await mustTell(server);
      const told = await ask();
      await mustTell(server);
      return told;
    });
  return {
    server: () => telling(async () => toHolding(await everyDatabase(server, login))),
    group: (stream, group) => telling(() => groupOf(server, stream, group)),
    exists: (user) => asking(async () => (await server.ask(["ACL", "GETUSER", user])) !== null),
    usedMemory: () => asking(async () => countedMemory(text(await server.ask(["INFO", "memory"])))),
    identity: () => asking(() => markOf(server)),
    close: async () => server.close(),
  };
}

/** What is in use without the buffers that the server leaves out when it compares this with `maxmemory`. */
const countedMemory = (info: string): number =>
  Number(saidIn(info, "used_memory")) - Number(saidIn(info, "mem_not_counted_for_evict") ?? 0);

async function mustTell(server: Server): Promise<void> {
  const why = await untoldBy(server);
  if (why) throw new UnknownHolding(server.name, why);
}

/** The databases that have keys, each looked at over a connection of its own, for the one that is chosen is the connection's. */
async function everyDatabase(server: Server, login: Login) {
  const keyspace = text(await server.ask(["INFO", "keyspace"]));
  const databases = [...keyspace.matchAll(/^db(\d+):keys=(\d+)/gm)];
  return Promise.all(
    databases.map(async ([, database, keys]) => {
      const own = serverOf(login);
      try {
        return await contentsOf(own, database!, Number(keys));
      } finally {
        own.close();
      }
    }),
  );
}

async function groupOf(server: Server, stream: string, group: string): Promise<Holding | undefined> {
  const found = (await groupsOn((words) => server.ask(words), stream)).find(({ name }) => name === group);
  if (!found) return undefined;
  const lastDelivered = text(found["last-delivered-id"]);
  const pending = Number(found.pending);
  const unread = await unreadOf(server, stream, found);
  // They stay in a stream of their own, where nobody would look for them any more.
  const dead = Number(await server.ask(["XLEN", deadLetterStreamName(stream, group)]));
  const messages = pending + unread + dead;
  const oldest = pending + unread > 0 ? await oldestOf(server, stream, group, lastDelivered) : undefined;
  return {
    messages,
    waiting: messages,
    detail: [
      `${pending} not acknowledged`,
      `${unread} not read`,
      ...(dead > 0 ? [`${dead} dead letter${dead === 1 ? "" : "s"}`] : []),
    ].join(", "),
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
