import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { expect, it } from "vitest";
import { deadLetterFindings } from "../../../cli/doctor/deadLetters.ts";
import { redisFindings } from "../../../cli/doctor/redis.ts";
import { operate } from "../../../client/redis/operator.ts";
import { redisFigures } from "../../../live/health/redis.ts";

/** A server that lets everybody in, tells the time and this INFO, and has no other command, as a Sentinel. */
async function serverThatSays(info: string) {
  const answers: Record<string, string> = {
    AUTH: "+OK",
    CLIENT: "+OK",
    TIME: "*2\r\n$1\r\n1\r\n$1\r\n0",
    INFO: `$${info.length}\r\n${info}`,
  };
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      const commands = data.toString().match(/\*\d+\r\n(\$\d+\r\n[^\r]*\r\n)+/g) ?? [];
      for (const command of commands) {
        const [, , word = ""] = command.split("\r\n");
        socket.write(`${answers[word.toUpperCase()] ?? `-ERR unknown command '${word}'`}\r\n`);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}

it.each([
  ["redis_mode:sentinel\r\n", "it is a Sentinel, which has no data; give the address of the primary"],
  [
    "role:slave\r\nmaster_host:a\r\nmaster_port:1\r\nmaster_link_status:up\r\n",
    "it is a replica of a:1; give the address of the primary",
  ],
])("Doctor names a Redis that cannot tell what its streams hold, and goes on: %j", async (info, why) => {
  const server = await serverThatSays(info);
  const { port } = server.address() as AddressInfo;
  const place = { flow: "redis/n/s/g", stream: "s", group: "g", deadLetterStream: "s.g.dead-letters" };
  const login = { host: "127.0.0.1", port, tls: false, username: "u", password: "p", deadLetters: [place] };
  const redis = await operate({ n: login });
  try {
    const found = [
      ...redisFindings(await redisFigures("n", login), { after: 60_000 }),
      ...(await deadLetterFindings(
        { brokers: [{ broker: "redis", operator: redis }], patiently: (ask) => ask() },
        { "redis/n": [[`127.0.0.1:${port}`]] },
      )),
    ];
    const told = found.filter(({ found }) => found === `what its streams hold cannot be known: ${why}`);
    // Both looks say it in the same words, so that it is told once.
    expect(told).toHaveLength(2);
    expect(told[1]).toEqual(told[0]);
  } finally {
    await redis.close();
    server.close();
  }
});
