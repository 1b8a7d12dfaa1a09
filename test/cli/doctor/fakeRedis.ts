import { once } from "node:events";
import { createServer } from "node:net";

/** A server of Redis that lets everybody in, tells the time and this INFO, and has no other command than `more`; "" is no answer. */
export async function serverThatSays(info: string, more: Record<string, string> = {}) {
  const answers: Record<string, string> = {
    AUTH: "+OK",
    CLIENT: "+OK",
    TIME: "*2\r\n$1\r\n1\r\n$1\r\n0",
    INFO: `$${info.length}\r\n${info}`,
    ...more,
  };
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.on("data", (data) => {
      const commands = data.toString().match(/\*\d+\r\n(\$\d+\r\n[^\r]*\r\n)+/g) ?? [];
      for (const command of commands) {
        const [, , word = ""] = command.split("\r\n");
        const answer = answers[word.toUpperCase()] ?? `-ERR unknown command '${word}'`;
        if (answer) socket.write(`${answer}\r\n`);
      }
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return server;
}
