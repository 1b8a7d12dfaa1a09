import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import type { Channel } from "rabbitmq-client";
import library from "rabbitmq-client/lib/codec.js";
import { describe, expect, it, vi } from "vitest";
import { ConnectionError, RefusedError } from "../../../client/message.ts";
import { headerFrame, type Properties } from "../../../client/rabbitmq/content.ts";
import { toClientError } from "../../../client/rabbitmq/errors.ts";
import { linkTo, toOptions } from "../../../client/rabbitmq/link.ts";
import { keepRaw, newProperties, received } from "../../../client/rabbitmq/rawBodies.ts";
import { rejectToRetry } from "../../../client/rabbitmq/reject.ts";
import { brokenTable, delivered, nestedTable } from "./message.ts";

const codec = library as unknown as {
  decodeFrame(read: () => Promise<Buffer>): Promise<unknown>;
  genContentFrames(channel: number, params: object, body: Buffer, frameMax: number): Iterable<Buffer>;
  encodeFrame(frame: object): Buffer;
};

/** A broker that lets everybody in. */
async function broker() {
  const sockets: Socket[] = [];
  const send = (socket: Socket, methodId: number, params: object = {}, channelId = 0) =>
    socket.write(codec.encodeFrame({ type: 1, channelId, methodId, params }));
  const START = { versionMajor: 0, versionMinor: 9, serverProperties: {}, mechanisms: "PLAIN", locales: "en_US" };
  // By the method that the client sends; the numbers are class and method of AMQP 0-9-1.
  const answers: Record<number, [number, object?]> = {
    [(10 << 16) + 11]: [(10 << 16) + 30, { channelMax: 0, frameMax: 131_072, heartbeat: 0 }],
    [(10 << 16) + 40]: [(10 << 16) + 41, { knownHosts: "" }],
    [(10 << 16) + 50]: [(10 << 16) + 51],
    [(20 << 16) + 10]: [(20 << 16) + 11, { rsvp1: "" }],
    [(20 << 16) + 40]: [(20 << 16) + 41],
  };
  const server = createServer((socket) => {
    sockets.push(socket);
    let bytes = Buffer.alloc(0);
    socket.once("data", () => {
      send(socket, (10 << 16) + 10, START);
      socket.on("data", (chunk) => {
        bytes = Buffer.concat([bytes, chunk]);
        while (bytes.length >= 8) {
          const size = bytes.readUInt32BE(3) + 8;
          if (bytes.length < size) return;
          const answer = answers[bytes.readUInt32BE(7)];
          if (answer) send(socket, ...answer, bytes.readUInt16BE(1));
          bytes = bytes.subarray(size);
        }
      });
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `amqp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    blocks: (reason: string) => send(sockets[0]!, (10 << 16) + 60, { reason }),
    unblocks: () => send(sockets[0]!, (10 << 16) + 61),
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

describe("an alarm of RabbitMQ", () => {
  const ALARM =
    "the broker takes no messages from anybody, as it is low on memory (an alarm); it accepts them again by itself when that is over";

  it("is told when it begins and when it is over", async () => {
    const { url, blocks, unblocks, close } = await broker();
    const told: string[] = [];
    const link = linkTo(
      { url, vhost: "shop", username: "a", password: "p" },
      ({ message }) => void told.push(message),
      () => void told.push("over"),
    );
    await link.open();
    blocks("low on memory");
    await vi.waitFor(() => expect(link.blocked()).toBe(ALARM));
    expect(told).toEqual([`rabbitmq shop at ${url}: ${ALARM}`]);
    unblocks();
    await vi.waitFor(() => expect(link.blocked()).toBe(undefined));
    expect(told.slice(1)).toEqual(["over"]);
    close();
  });
});

describe("the connection to RabbitMQ", () => {
  const login = { vhost: "shop", username: "a", password: "p" };

  it.each([
    ["amqp://127.0.0.1:5672", "127.0.0.1", "5672", false],
    ["amqps://mq.example.com:5671", "mq.example.com", "5671", true],
    ["amqp://[::1]:5672", "::1", "5672", false],
  ])("of %s", (url, hostname, port, tls) => {
    expect(toOptions({ ...login, url })).toMatchObject({ ...login, hostname, port, tls, frameMax: 131_072 });
  });
});

describe("the connection to several nodes", () => {
  it("is tried at one after the other", async () => {
    const asked: number[] = [];
    const servers = [1, 2].map((node) =>
      createServer((socket) => {
        asked.push(node);
        socket.destroy();
      }).listen(0, "127.0.0.1"),
    );
    await Promise.all(servers.map((server) => once(server, "listening")));
    const urls = servers.map((server) => `amqp://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const link = linkTo({ url: urls[0]!, urls, vhost: "shop", username: "a", password: "p" });
    await expect(link.open()).rejects.toThrow(`at ${urls[1]}`);
    expect(asked).toEqual([1, 2]);
    await link.close();
    for (const server of servers) server.close();
  });
});

describe("an error of RabbitMQ", () => {
  const error = (code: string, message: string) => Object.assign(new Error(message), { code });

  it.each([
    ["ACCESS_REFUSED", "BasicPublish: ACCESS_REFUSED - write access refused"],
    ["NOT_FOUND", "QueueDeclare: NOT_FOUND - no queue 'x'"],
    ["NOT_ALLOWED", "NOT_ALLOWED - vhost x not found"],
    ["PRECONDITION_FAILED", "BasicPublish: message size is larger than max size"],
    ["NACK", "message rejected by server"],
  ])("%s is a refusal", (code, message) => {
    expect(toClientError(error(code, message), "here")).toBeInstanceOf(RefusedError);
  });

  it.each([
    ["ECONNREFUSED", "connect ECONNREFUSED 127.0.0.1:1"],
    ["CONN_CLOSE", "socket closed unexpectedly by server"],
    ["CONNECTION_FORCED", "broker forced connection closure with reason 'shutdown'"],
    ["NOT_FOUND", "home node 'rabbit@a' of durable queue 'x' in vhost '/' is down or inaccessible"],
    ["INTERNAL_ERROR", "vhost 'x' is down"],
  ])("%s is not: it may pass", (code, message) => {
    expect(toClientError(error(code, message), "here")).toBeInstanceOf(ConnectionError);
  });

  it("that a message is too large is said of no other", () => {
    const tooLarge = (text: string) =>
      (toClientError(error("PRECONDITION_FAILED", text), "here") as RefusedError).tooLarge;
    expect(tooLarge("BasicPublish: PRECONDITION_FAILED - message size 5 is larger than configured max size 4")).toBe(
      true,
    );
    expect(tooLarge("BasicPublish: PRECONDITION_FAILED - no")).toBe(false);
  });

  it("that is a fault of code is no refusal and no silence", () => {
    const fault = new TypeError("Cannot destructure property 'a' of undefined");
    expect(toClientError(fault, "here")).toBe(fault);
    const ofInput = Object.assign(new RangeError("port must be below 65536"), { code: "ERR_SOCKET_BAD_PORT" });
    expect(toClientError(ofInput, "here")).toBeInstanceOf(ConnectionError);
  });

  it("that a handler took too long says nothing against the broker", () => {
    const text =
      "undefined: PRECONDITION_FAILED - delivery acknowledgement on channel 1 timed out. Timeout value used: 1800000 ms. This timeout value can be configured";
    const told = toClientError(error("PRECONDITION_FAILED", text), "rabbitmq shop");
    expect(told).toBeInstanceOf(ConnectionError);
    expect(told.message).toBe(
      "rabbitmq shop: the broker closed the channel, as a message was not acknowledged within 1800000 ms (consumer_timeout): all that it had comes again; make handlers return sooner, or raise consumer_timeout",
    );
  });

  it("says where, and what the broker said", () => {
    const refused = toClientError(error("ACCESS_REFUSED", "undefined: Login was refused"), "rabbitmq shop");
    expect(refused.message).toBe("rabbitmq shop: the broker refuses: Login was refused");
    expect(toClientError(refused, "elsewhere")).toBe(refused);
  });
});

describe("a message that the library reads", () => {
  const table = Buffer.from("\0\0\0\x0b\x01nl\0\x20\0\0\0\0\0\x01", "latin1");
  const properties = new Map([
    ...newProperties({ contentType: "application/json", messageId: "m" }),
    ["headers", table],
  ]);
  const frame = headerFrame(1, 0, properties as Properties);
  /** What a channel makes of the frame. */
  const readBy = async (channel: { _onHeader(frame: unknown): void }) => {
    const parts = [frame.subarray(0, 7), frame.subarray(7)];
    channel._onHeader(await codec.decodeFrame(async () => parts.shift()!));
  };

  it("keeps its properties and headers as bytes, and its body from being read by its content type", async () => {
    const frames: { fields: object }[] = [];
    const channel = { _onHeader: (one: { fields: object }) => void frames.push(one), _state: {} };
    keepRaw(channel as unknown as Channel);
    await readBy(channel as never);
    expect(frames[0]!.fields).not.toHaveProperty("contentType");
    const message = received({ ...frames[0]!.fields, body: Buffer.from("b") } as never);
    expect(message).toMatchObject({ messageId: "m", headers: { n: 9_007_199_254_740_993n } });
    expect([...message.properties].toSorted()).toEqual([...properties].toSorted());
  });

  it.each(["F", "A"] as const)("may nest its headers (%s) deeper than the library can read", async (type) => {
    const deep = nestedTable(18_000, type);
    const message = received(await delivered({ messageId: "m-7", table: deep }));
    expect(message).toMatchObject({ messageId: "m-7", headers: { h: expect.anything() } });
    expect(message.properties.get("headers")).toEqual(deep);
  });

  it("is named where its headers cannot be read at all", async () => {
    const message = await delivered({ messageId: "m-7", table: brokenTable });
    expect(() => received(message)).toThrow(/^message m-7: its headers cannot be read: /);
  });

  it("is as ever to others who use the library", async () => {
    const frames: object[] = [];
    await readBy({ _onHeader: (one) => void frames.push(one as object) });
    expect(frames).toEqual([
      {
        type: 2,
        channelId: 1,
        bodySize: 0,
        fields: {
          contentType: "application/json",
          headers: { n: 9_007_199_254_740_992 },
          deliveryMode: 2,
          messageId: "m",
        },
      },
    ]);
    const params = { exchange: "e", routingKey: "k", deliveryMode: 2 };
    const [method, header, body] = [...codec.genContentFrames(1, params, Buffer.from("b"), 100)];
    expect([method?.readUInt8(0), header?.toString("hex"), body?.toString("hex")]).toEqual([
      1,
      "0200010000000f003c0000000000000000000110000" + "2ce",
      "03000100000001" + "62ce",
    ]);
  });
});

describe("a message that its queue delays", () => {
  it("is rejected by basic.reject, as basic.nack would not count", () => {
    const sent: unknown[] = [];
    rejectToRetry({ _invokeNowait: (...call: unknown[]) => void sent.push(call) } as unknown as Channel, 7);
    expect(sent).toEqual([[3_932_250, { deliveryTag: 7, requeue: true }]]);
  });
});
