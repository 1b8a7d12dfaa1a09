import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ConnectionError, RefusedError } from "../../client/message.ts";
import { kafkaLook } from "../../live/kafka.ts";
import { redisLook } from "../../live/redis.ts";
import { sqsLook } from "../../live/sqs.ts";

/** Within so many milliseconds a look ends, whatever the broker does. */
const LONGEST_MS = 20_000;

/** What may answer at a broker's address. */
const BROKEN: Record<string, (socket: Socket) => void> = {
  "accepts and says nothing": () => {},
  "resets the connection": (socket) => socket.resetAndDestroy(),
  "closes the connection": (socket) => socket.end(),
  "answers 500": (socket) => socket.on("data", () => socket.write("HTTP/1.1 500 Oh\r\nContent-Length: 2\r\n\r\nno")),
  "answers HTML": (socket) =>
    socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>")),
  "answers bytes that mean nothing": (socket) =>
    socket.on("data", () => socket.write(Buffer.from(Array.from({ length: 300 }, (_, at) => (at * 73 + 11) & 255)))),
};

/** A question to a broker at a port of 127.0.0.1. */
const QUESTIONS: Record<string, (port: number) => Promise<unknown>> = {
  async kafka(port) {
    const login = { securityProtocol: "SASL_PLAINTEXT", saslMechanism: "SCRAM-SHA-512" } as const;
    const bootstrapServers = [`127.0.0.1:${port}`];
    const look = kafkaLook({ ...login, bootstrapServers, username: "a", password: "p", deadLetters: [] });
    return look.topic("events").finally(() => look.close());
  },
  async sqs(port) {
    const endpoint = `http://127.0.0.1:${port}`;
    const credentials = { accessKeyId: "a", secretAccessKey: "p" };
    const look = sqsLook({ region: "us-east-1", endpoint, credentials });
    return look.queue(`${endpoint}/0/events.fifo`).finally(() => look.close());
  },
  async redis(port) {
    const place = { host: "127.0.0.1", port, tls: false };
    const look = redisLook({ ...place, username: "a", password: "p" });
    return look.server().finally(() => look.close());
  },
};

const servers = new Map<string, Server>();
const ports = new Map<string, number>();

beforeAll(async () => {
  const answers: typeof BROKEN = { ...BROKEN, "is not there": () => {} };
  for (const [what, answer] of Object.entries(answers)) {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      answer(socket);
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    ports.set(what, (server.address() as { port: number }).port);
    servers.set(what, server);
  }
  await new Promise<void>((resolve) => servers.get("is not there")!.close(() => resolve()));
});
afterAll(() => {
  for (const server of servers.values()) server.close();
});

describe.each(Object.keys(QUESTIONS))("a look at %s", (broker) => {
  it.concurrent.each([...Object.keys(BROKEN), "is not there"])(
    "ends in a sentence with the address where it %s",
    async (what) => {
      const port = ports.get(what)!;
      const started = performance.now();
      const error = await QUESTIONS[broker]!(port).then(
        () => new Error("it answered"),
        (reason: Error) => reason,
      );
      expect(error instanceof ConnectionError || error instanceof RefusedError, String(error)).toBe(true);
      expect(error.message).toMatch(new RegExp(`^${broker} (at )?(http://)?127.0.0.1:${port}`));
      expect(error.message).not.toContain("\n");
      expect(performance.now() - started).toBeLessThan(LONGEST_MS);
    },
  );
});
