import { createServer, type Server, type Socket } from "node:net";
import { afterEach, expect, it } from "vitest";
import { RedisSession } from "../../../provider/redis/session.ts";

const servers: Server[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

/** A server that answers the nth chunk of bytes that it ever gets with the nth reply. */
async function serverOf(...replies: (string | ((socket: Socket) => void))[]) {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", () => {
      const reply = replies.shift() ?? "+OK\r\n";
      if (typeof reply === "string") socket.write(reply);
      else reply(socket);
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as { port: number }).port;
}

const sessionOn = (port: number, waits = [1, 1, 1]) =>
  new RedisSession({ url: `redis://127.0.0.1:${port}`, username: "messaging-admin", password: "p" }, waits);
const ping = (session: RedisSession) => session.run("user app", (send) => send("PING"));

it("comes back when the connection breaks or the server is still loading", async () => {
  const port = await serverOf(
    "+OK\r\n",
    (socket) => socket.destroy(),
    "+OK\r\n",
    "-LOADING Redis is loading\r\n",
    "+PONG\r\n",
  );
  const session = sessionOn(port);
  expect(await ping(session)).toBe("PONG");
  session.cancel();
});

it("names server, user and resource when nothing answers", async () => {
  const port = await serverOf();
  await new Promise((resolve) => servers.pop()!.close(resolve));
  const error = await ping(sessionOn(port)).catch((failure: Error) => failure.message.replaceAll(String(port), "PORT"));
  expect(error).toBe("redis redis://127.0.0.1:PORT as messaging-admin, user app: connect ECONNREFUSED 127.0.0.1:PORT");
});

it("does not ask again after a refusal", async () => {
  const port = await serverOf("-WRONGPASS invalid username-password pair or user is disabled.\r\n");
  const error = await ping(sessionOn(port, [60_000])).catch((failure: Error) => failure.message);
  expect(error).toContain("messaging-admin, user app: WRONGPASS invalid username-password pair or user is disabled.");
});

it("stops waiting when the engine cancels", async () => {
  const port = await serverOf();
  await new Promise((resolve) => servers.pop()!.close(resolve));
  const session = sessionOn(port, [60_000]);
  const failed = ping(session).catch((failure: Error) => failure.message);
  setTimeout(() => session.cancel(), 50);
  expect(await failed).toContain("ECONNREFUSED");
});

it("is not reached without a configuration", async () => {
  await expect(ping(new RedisSession({}))).rejects.toThrowErrorMatchingInlineSnapshot(
    `[Error: redis, user app: must have a provider with url, username and password]`,
  );
});
