import { randomUUID } from "node:crypto";
import { type Login, serverOf } from "../../client/redis/server.ts";
import { IDENTITY_KEY } from "../../live/redis.ts";

/** How long the server may take to write the mark to its disk, in milliseconds. */
const TO_DISK_MS = 5_000;

/** The mark of a server: Redis itself has no name that outlives a restart. It is given one where it has none. */
export async function markServer({ host, port, tls, username, password }: Login): Promise<string> {
  const server = serverOf({ host, port, tls, username, password });
  try {
    await server.ask(["SELECT", "0"]);
    await server.ask(["SET", IDENTITY_KEY, randomUUID(), "NX"]);
    // A server without an append-only file, or one older than Redis 7.2, cannot say when it is written.
    await server.send(["WAITAOF", "1", "0", String(TO_DISK_MS)], 2 * TO_DISK_MS).catch(() => {});
    return String(await server.ask(["GET", IDENTITY_KEY]));
  } finally {
    server.close();
  }
}
