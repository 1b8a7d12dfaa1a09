import { randomUUID } from "node:crypto";
import { type Login, serverOf } from "../../client/redis/server.ts";
import { IDENTITY_KEY, mustFit } from "../../live/redisIdentity.ts";

/** How long the server may take to write the mark to its disk, in milliseconds. */
const TO_DISK_MS = 5_000;

/** The mark of a server: Redis itself has no name that outlives a restart. It is given one where it has none. */
export async function markServer(login: Login): Promise<string> {
  const server = serverOf(login);
  try {
    await mustFit(server);
    await server.ask(["SELECT", "0"]);
    await server.ask(["SET", IDENTITY_KEY, randomUUID(), "NX"]);
    // A server without an append-only file cannot say when it is written.
    await server.send(["WAITAOF", "1", "0", String(TO_DISK_MS)], 2 * TO_DISK_MS).catch(() => {});
    return String(await server.ask(["GET", IDENTITY_KEY]));
  } finally {
    server.close();
  }
}
