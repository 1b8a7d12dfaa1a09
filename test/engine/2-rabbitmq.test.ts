import { Connection } from "rabbitmq-client";
import { describe, expect, inject, it, onTestFinished } from "vitest";
import { inside, output } from "./clone.ts";

const clone = inject("clone");

interface Access {
  rabbitmq: { url: string; vhost: string; username: string; password: string };
}

const ctl = async (...args: string[]) => {
  const {
    code,
    stdout,
    output: printed,
  } = await inside(clone, "rabbitmq", ["rabbitmqctl", "--quiet", "--formatter", "json", ...args]);
  if (code !== 0) throw new Error(printed);
  return JSON.parse(stdout);
};

/** rabbitmqctl prints a table of arguments or settings as [name, (type,) value]. */
const table = (entries: unknown[][]) => Object.fromEntries(entries.map((entry) => [entry[0], entry.at(-1)]));

async function connect(app: string) {
  const { [app]: access } = await output<Record<string, Access>>(clone, "apps");
  const { url, vhost, username, password } = access!.rabbitmq;
  const { hostname, port } = new URL(url);
  const connection = new Connection({ hostname, port: Number(port), vhost, username, password, retryLow: 60_000 });
  connection.on("error", () => {});
  onTestFinished(async () => void (await connection.close().catch(() => {})));
  return connection;
}

/** The code with which the broker refuses an action, or nothing when it allows it. */
async function refused(app: string, action: (channel: Awaited<ReturnType<Connection["acquire"]>>) => Promise<unknown>) {
  const channel = await (await connect(app)).acquire();
  channel.on("error", () => {});
  try {
    await action(channel);
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code;
  } finally {
    await channel.close().catch(() => {});
  }
}

const messagesIn = async (queue: string): Promise<number> =>
  (await ctl("list_queues", "-p", "orders", "name", "messages")).find(({ name }: { name: string }) => name === queue)
    .messages;

describe("RabbitMQ after npm start", () => {
  it("has the work queue, its DLQ and the delay tiers as durable quorum queues, each under one policy of its own", async () => {
    const queues = await ctl(
      "list_queues",
      "-p",
      "orders",
      "name",
      "durable",
      "type",
      "policy",
      "effective_policy_definition",
      "arguments",
    );
    const readable = queues.map((queue: Record<string, unknown[][]>) => ({
      ...queue,
      arguments: table(queue.arguments!),
      effective_policy_definition: table(queue.effective_policy_definition!),
    }));
    expect(readable.sort((a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1))).toEqual([
      ...[1000, 2000].map((delay) => ({
        name: `messaging.retry.${delay}ms`,
        durable: true,
        type: "quorum",
        policy: `messaging.retry.${delay}ms`,
        arguments: { "x-queue-type": "quorum" },
        effective_policy_definition: {
          "dead-letter-exchange": "",
          "dead-letter-strategy": "at-least-once",
          "delivery-limit": 1000000000,
          "message-ttl": delay,
          overflow: "reject-publish",
        },
      })),
      {
        name: "orders",
        durable: true,
        type: "quorum",
        policy: "orders",
        arguments: { "x-queue-type": "quorum" },
        effective_policy_definition: {
          "dead-letter-exchange": "messaging.dead-letter",
          "dead-letter-routing-key": "orders",
          "dead-letter-strategy": "at-least-once",
          "delivery-limit": 4,
          "max-length": 1000000,
          overflow: "reject-publish",
        },
      },
      {
        name: "orders.dlq",
        durable: true,
        type: "quorum",
        policy: "orders.dlq",
        arguments: { "x-queue-type": "quorum" },
        effective_policy_definition: { "delivery-limit": 1000000000, "message-ttl": 1209600000 },
      },
    ]);
    const policies = await ctl("list_policies", "-p", "orders");
    expect(policies.filter(({ pattern }: { pattern: string }) => new RegExp(pattern).test("orders"))).toHaveLength(1);
  });

  it("has the exchange and its binding", async () => {
    const exchanges = await ctl("list_exchanges", "-p", "orders", "name", "type", "durable");
    expect(exchanges).toContainEqual({ name: "order-events", type: "topic", durable: true });
    const bindings = await ctl("list_bindings", "-p", "orders", "source_name", "routing_key", "destination_name");
    expect(bindings).toContainEqual({
      source_name: "order-events",
      routing_key: "order.*",
      destination_name: "orders",
    });
  });

  it("has no guest and refuses its login", async () => {
    const users = (await ctl("list_users")) as { user: string }[];
    expect(users.map(({ user }) => user).sort()).toEqual(["fulfilment", "messaging-admin", "order-service"]);
    const { status } = await fetch(`http://127.0.0.1:${clone.ports.rabbitmqManagement}/api/whoami`, {
      headers: { authorization: `Basic ${Buffer.from("guest:guest").toString("base64")}` },
    });
    expect(status).toBe(401);
  });

  it("lets the producer publish what the queue takes, and nothing else", async () => {
    const publish = (exchange: string, routingKey: string) =>
      refused("order-service", async (channel) => {
        await channel.confirmSelect();
        await channel.basicPublish({ exchange, routingKey, mandatory: true }, "probe");
      });
    expect(await publish("order-events", "order.created")).toBeUndefined();
    expect(await publish("order-events", "billing.created")).toBe("ACCESS_REFUSED");
    expect(await publish("messaging.dead-letter", "orders")).toBe("ACCESS_REFUSED");
    expect(await publish("", "orders")).toBe("ACCESS_REFUSED");
  });

  it("lets the consumer publish retries and dead letters of its own queue, and of no other", async () => {
    const publish = (exchange: string, routingKey: string) =>
      refused("fulfilment", async (channel) => {
        await channel.confirmSelect();
        await channel.basicPublish({ exchange, routingKey }, "probe");
      });
    for (const exchange of ["messaging.retry.1000ms", "messaging.retry.2000ms", "messaging.dead-letter"]) {
      expect(await publish(exchange, "billing"), exchange).toBe("ACCESS_REFUSED");
      expect(await publish(exchange, "orders.dlq"), exchange).toBe("ACCESS_REFUSED");
    }
    expect(await publish("", "orders")).toBe("ACCESS_REFUSED");
    expect(await publish("messaging.retry.1000ms", "orders")).toBeUndefined();
    await expect.poll(() => messagesIn("orders"), { timeout: 10_000 }).toBe(2);
  });

  it("lets the producer neither declare, delete, purge nor consume", async () => {
    const codes = await Promise.all([
      refused("order-service", (channel) => channel.queueDeclare({ queue: "mine", durable: true })),
      refused("order-service", (channel) => channel.exchangeDeclare({ exchange: "mine", type: "topic" })),
      refused("order-service", (channel) => channel.queueDelete({ queue: "orders" })),
      refused("order-service", (channel) => channel.queuePurge({ queue: "orders" })),
      refused("order-service", (channel) => channel.basicGet({ queue: "orders" })),
      refused("order-service", (channel) =>
        channel.queueBind({ queue: "orders", exchange: "order-events", routingKey: "#" }),
      ),
    ]);
    expect(codes).toEqual(Array(6).fill("ACCESS_REFUSED"));
  });

  it("lets the consumer take its messages, publish none, and dead-letters what it rejects too often", async () => {
    const connection = await connect("fulfilment");
    const channel = await connection.acquire();
    const deliveries: number[] = [];
    for (
      let message = await channel.basicGet({ queue: "orders" });
      message;
      message = await channel.basicGet({ queue: "orders" })
    ) {
      deliveries.push(Number(message.headers?.["x-delivery-count"] ?? 0));
      channel.basicNack({ deliveryTag: message.deliveryTag, requeue: true });
      if (deliveries.length > 20) break;
    }
    await channel.close();
    // Two messages: the producer's, and the one that the consumer sent through a tier.
    expect(deliveries.toSorted()).toEqual([0, 0, 1, 1, 2, 2, 3, 3, 4, 4]);
    await expect.poll(() => messagesIn("orders.dlq"), { timeout: 20_000 }).toBe(2);
    expect(
      await refused("fulfilment", async (other) => {
        await other.confirmSelect();
        await other.basicPublish({ exchange: "order-events", routingKey: "order.created" }, "x");
      }),
    ).toBe("ACCESS_REFUSED");
  });
});
