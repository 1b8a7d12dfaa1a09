import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { Channel } from "rabbitmq-client";
import { describe, expect, it } from "vitest";
import { ConnectionError, RefusedError } from "../../../client/message.ts";
import { toClientError } from "../../../client/rabbitmq/errors.ts";
import { linkTo, toOptions } from "../../../client/rabbitmq/link.ts";
import { keepBodiesRaw, received } from "../../../client/rabbitmq/rawBodies.ts";
import { rejectToRetry } from "../../../client/rabbitmq/reject.ts";
import { messageOf } from "./message.ts";

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

  it("says where, and what the broker said", () => {
    const refused = toClientError(error("ACCESS_REFUSED", "undefined: Login was refused"), "rabbitmq shop");
    expect(refused.message).toBe("rabbitmq shop: the broker refuses: Login was refused");
    expect(toClientError(refused, "elsewhere")).toBe(refused);
  });
});

describe("a body", () => {
  it("is hidden from the library by its content type, which comes back", () => {
    const frames: unknown[] = [];
    const channel = { _onHeader: (frame: unknown) => void frames.push(frame) };
    keepBodiesRaw(channel as unknown as Channel);
    channel._onHeader({ bodySize: 1, fields: { contentType: "application/json", priority: 1 } });
    channel._onHeader({ bodySize: 1, fields: { priority: 1 } });
    expect(frames).toEqual([
      { bodySize: 1, fields: { rawContentType: "application/json", priority: 1 } },
      { bodySize: 1, fields: { priority: 1 } },
    ]);
    const raw = { ...messageOf(), rawContentType: "application/json" };
    expect(received(raw as never)).toEqual({ ...messageOf(), contentType: "application/json" });
  });
});

describe("a message that its queue delays", () => {
  it("is rejected by basic.reject, as basic.nack would not count", () => {
    const sent: unknown[] = [];
    rejectToRetry({ _invokeNowait: (...call: unknown[]) => void sent.push(call) } as unknown as Channel, 7);
    expect(sent).toEqual([[3_932_250, { deliveryTag: 7, requeue: true }]]);
  });
});
