import { describe, expect, it } from "vitest";
import type { RabbitmqAccess } from "../../../client/access.ts";
import { AccessError, RefusedError } from "../../../client/message.ts";
import { RabbitmqClient } from "../../../client/rabbitmq/client.ts";

const access: RabbitmqAccess = {
  url: "amqp://127.0.0.1:1",
  vhost: "shop",
  username: "a",
  password: "p",
  publishes: { orders: [{ exchange: "messaging.work", routingKeys: ["orders"] }] },
  consumes: { log: { queue: "log", prefetch: 10, maxAttempts: 3 } },
};

describe("RabbitmqClient", () => {
  it("connects to nothing for what the app may not do", async () => {
    const client = new RabbitmqClient(access);
    await expect(client.publish("mails", { body: "" })).rejects.toThrow(
      new AccessError("rabbitmq/mails: must be a queue that the app publishes to (orders)"),
    );
    await expect(client.consume("orders", () => {})).rejects.toThrow(
      new AccessError("rabbitmq/orders: must be a queue that the app consumes (log)"),
    );
    await client.close();
  });

  it("publishes no header and no id that the library would cut", async () => {
    const client = new RabbitmqClient(access);
    const long = "n".repeat(256);
    await expect(client.publish("orders", { body: "", id: long })).rejects.toThrow(
      new RefusedError("rabbitmq/orders: id: must be at most 255 bytes long"),
    );
    await expect(client.publish("orders", { body: "", headers: { [long]: "" } })).rejects.toThrow(
      new RefusedError(`rabbitmq/orders: the name of header ${"n".repeat(40)}…: must be at most 255 bytes long`),
    );
    await client.close();
  });

  it("leaves streams to clients that can read them", async () => {
    const client = new RabbitmqClient(access);
    await expect(client.consume("log", () => {})).rejects.toThrow(/^rabbitmq\/log: must not be a stream/);
    await client.close();
  });
});
