import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Consumer, deleteTopicsV6, Producer, stringDeserializers, stringSerializers } from "@platformatic/kafka";
import { beforeAll, describe, expect, inject, it } from "vitest";
import type { Finding } from "../../cli/doctor/finding.ts";
import type { AppAccess } from "../../client/access.ts";
import { type Client, connect } from "../../client/index.ts";
import { openCluster } from "../../client/kafka/cluster.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { serverOf } from "../../client/redis/server.ts";
import { inside, output, pulumi, variables } from "./clone.ts";
import { run } from "./command.ts";

const clone = inject("clone");
let apps: Record<string, AppAccess>;
let operator: OperatorAccess;
beforeAll(async () => {
  [apps, operator] = [await output(clone, "apps"), await output(clone, "operator")];
  // Of the files before it: who was refused in the last minute, and what they left among the dead letters.
  await redis(["ACL", "LOG", "RESET"], ["XTRIM", "emails.mailer.dlq", "MAXLEN", "0"]);
});

const doctor = (...args: string[]) =>
  run("npx", ["messaging", "doctor", "--after", "1s", ...args], { cwd: clone.folder, env: variables(clone) });

/** What the doctor finds, as `<trouble>: <place>`. */
async function found(): Promise<string[]> {
  const { code, stdout, output: printed } = await doctor("--json");
  expect(stdout, printed).toMatch(/^\{/);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  expect(code, printed).toBe(findings.length > 0 ? 1 : 0);
  for (const { cause, fix } of findings) expect([cause, fix]).not.toContain("");
  return findings.map(({ trouble, place }) => `${trouble}: ${place}`).sort();
}

async function management(method: string, path: string, body?: object): Promise<void> {
  const { managementUrl, username, password } = operator.rabbitmq!;
  const answer = await fetch(`${managementUrl}/api/${path}`, {
    method,
    headers: {
      authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`,
      "content-type": "application/json",
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  expect(answer.ok, `${method} ${path}: ${answer.status}`).toBe(true);
}

async function redis(...commands: string[][]): Promise<void> {
  const server = serverOf(operator.redis!.notifications!);
  for (const command of commands) await server.ask(command);
  server.close();
}

async function as(app: string, use: (client: Client) => Promise<unknown>): Promise<void> {
  const client = connect(apps[app]!);
  await use(client);
  await client.close();
}

/** What an app does that was not told of a rotation. */
async function logInByFormerPasswords(): Promise<void> {
  const { managementUrl } = operator.rabbitmq!;
  const authorization = `Basic ${Buffer.from("fulfilment:former").toString("base64")}`;
  await fetch(`${managementUrl}/api/whoami`, { headers: { authorization } });
  const server = serverOf({ ...operator.redis!.notifications!, username: "fulfilment", password: "former" });
  await server.send(["PING"]).catch(() => {});
  server.close();
}

function saslOf(app: string) {
  const { bootstrapServers: bootstrapBrokers, username, password } = apps[app]!.kafka!;
  return { clientId: "somebody", bootstrapBrokers, sasl: { mechanism: "SCRAM-SHA-512" as const, username, password } };
}

/** Another framework's consumer of the group, which reads the work topic alone. */
async function readingTheWorkTopicAlone(): Promise<() => Promise<void>> {
  const groupId = "notification-service";
  const consumer = new Consumer({ ...saslOf(groupId), groupId, deserializers: stringDeserializers });
  const stream = await consumer.consume({
    topics: ["user-events"],
    mode: "committed",
    fallbackMode: "earliest",
    autocommit: true,
  });
  stream.on("data", () => {});
  return async () => {
    await stream.close();
    await consumer.close();
  };
}

describe("messaging doctor", () => {
  it("finds nothing on a healthy environment, and exits 0", async () => {
    const { code, output: printed } = await doctor();
    expect(printed).toBe("healthy: nothing found\n");
    expect(code).toBe(0);
  });

  it("finds what was provoked on each broker, and nothing else", async () => {
    await as("order-service", async (client) => {
      for (const body of ["one", "two", "three"]) await client.publish("rabbitmq/orders", { key: "order.new", body });
      await client.publish("kafka/user-events", { body: "one" });
    });
    await as("payment-service", (client) => client.publish("sqs/payments", { body: `doctor ${Date.now()}` }));
    await as("notification-service", (client) => client.publish("redis/notifications/emails", { body: "one" }));
    await management("POST", "exchanges/orders/messaging.dead-letter/publish", {
      routing_key: "orders",
      payload: "x",
      payload_encoding: "string",
      properties: { delivery_mode: 2 },
    });
    await management("PUT", "policies/orders/foreign", {
      pattern: "^orders$",
      priority: 2000,
      "apply-to": "queues",
      definition: { "message-ttl": 86_400_000 },
    });
    await management("PUT", "operator-policies/orders/small", {
      pattern: "dlq$",
      priority: 1,
      "apply-to": "queues",
      definition: { "max-length": 100 },
    });
    const highWatermark = (share: string) =>
      inside(clone, "rabbitmq", ["rabbitmqctl", "--quiet", "set_vm_memory_high_watermark", share]);
    expect(await highWatermark("0.00001")).toMatchObject({ code: 0 });
    await redis(["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"], ["CONFIG", "SET", "appendonly", "no"]);
    const strangers = setInterval(() => void logInByFormerPasswords(), 1_000);
    try {
      expect((await found()).map((one) => one.replace(/ rabbit@.*/, ""))).toEqual([
        "backlog: rabbitmq/orders",
        "backlog: redis/notifications/emails/mailer",
        "backlog: sqs/payments",
        "dead letters: rabbitmq/orders",
        "lag: kafka/user-events/notification-service",
        "message loss: rabbitmq/orders",
        "message loss: rabbitmq/orders.dlq",
        "message loss: redis/notifications",
        "message loss: redis/notifications",
        "refused: rabbitmq node",
        "refused: rabbitmq node",
        "refused: redis/notifications",
      ]);
    } finally {
      clearInterval(strangers);
      await highWatermark("0.6");
      await management("DELETE", "operator-policies/orders/small");
      await management("DELETE", "policies/orders/foreign");
      await redis(["CONFIG", "SET", "maxmemory-policy", "noeviction"], ["CONFIG", "SET", "appendonly", "yes"]);
      await run("npx", ["messaging", "dlq", "drop", "rabbitmq/orders", "--yes", "1"], {
        cwd: clone.folder,
        env: variables(clone),
      });
    }
  });

  it("finds consumers that hang, and nothing once they have gone on", async () => {
    let release = () => {};
    const hanging = new Promise<void>((resolve) => {
      release = resolve;
    });
    const clients = [connect(apps.fulfilment!), connect(apps["notification-service"]!)];
    const [fulfilment, notification] = clients as [Client, Client];
    try {
      await fulfilment.consume("rabbitmq/orders", () => hanging);
      await notification.consume("kafka/user-events", () => hanging);
      await fulfilment.consume("sqs/payments", () => {});
      await fulfilment.consume("redis/notifications/emails", () => {});
      // RabbitMQ counts anew every few seconds.
      await expect
        .poll(found, { timeout: 60_000, interval: 1_000 })
        .toEqual(["lag: kafka/user-events/notification-service", "lag: rabbitmq/orders"]);
      release();
      await expect.poll(found, { timeout: 60_000, interval: 1_000 }).toEqual([]);
    } finally {
      release();
      await Promise.all(clients.map((client) => client.close()));
    }
  });

  it("finds retries that another framework's consumer never reads, and what was deleted by hand, and its fix makes it again", async () => {
    const kafka = openCluster(operator.kafka!, "messaging-doctor-test");
    const login = saslOf("notification-service");
    const retrying = new Producer({ ...login, serializers: stringSerializers });
    const stop = await readingTheWorkTopicAlone();
    try {
      await retrying.send({ messages: [{ topic: "user-events.notification-service.retry.1000", value: "one" }] });
      await management("DELETE", "queues/orders/orders.dlq");
      await management("DELETE", "bindings/orders/e/order-events/q/orders/order.%2A");
      await redis(["XGROUP", "DESTROY", "emails", "mailer"]);
      await kafka.ask(deleteTopicsV6.api, [{ name: "user-events.notification-service.retry.2000" }], 10_000);
      expect(await found()).toEqual([
        "lag: kafka/user-events/notification-service",
        "message loss: kafka/user-events/notification-service",
        "message loss: rabbitmq/orders",
        "message loss: redis/notifications/emails/mailer",
        "refused: rabbitmq/orders",
      ]);
    } finally {
      await stop();
      await retrying.close();
      await kafka.close();
    }
    const restored = await pulumi(clone, "up", "--yes", "--skip-preview", "--refresh", "--suppress-outputs");
    expect(restored.code, restored.output).toBe(0);
    await as("notification-service", async (client) => {
      await client.consume("kafka/user-events", () => {});
      await expect.poll(found, { timeout: 60_000, interval: 1_000 }).toEqual([]);
    });
  });

  it("tells of the brokers that answer where one does not, after the skill's retries, and exits 2", async () => {
    const folder = mkdtempSync(join(tmpdir(), "messaging-doctor-"));
    const outputs = join(folder, "outputs.json");
    const away = { managementUrl: "http://127.0.0.1:22001", url: "amqp://127.0.0.1:22001" };
    const { rabbitmq, redis: servers, retry } = operator;
    writeFileSync(
      outputs,
      JSON.stringify({ apps, operator: { retry, rabbitmq: { ...rabbitmq, ...away }, redis: servers } }),
      { mode: 0o600 },
    );
    await redis(["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    const verifying = ["messaging", "verify", "rabbitmq/orders", "redis/notifications/emails/mailer", "--json"];
    try {
      const [examined, verified] = await Promise.all([
        doctor("--outputs", outputs, "--json"),
        run("npx", [...verifying, "--outputs", outputs], { cwd: clone.folder, env: variables(clone) }),
      ]);
      expect(examined.code, examined.output).toBe(2);
      // The skill's own waits, for each way that it is asked in.
      expect(new Set(examined.output.match(/trying again in \d s/g))).toEqual(
        new Set(["trying again in 1 s", "trying again in 2 s"]),
      );
      const { findings } = JSON.parse(examined.stdout) as { findings: Finding[] };
      expect(findings.map(({ trouble, place, away: isAway }) => [trouble, place, isAway])).toEqual([
        ["message loss", "redis/notifications", undefined],
        ["broker", "rabbitmq", true],
      ]);
      expect(findings[1]!.found).toBe(
        "rabbitmq management at http://127.0.0.1:22001: the broker does not answer: ECONNREFUSED",
      );
      expect(verified.code, verified.output).toBe(2);
      const results = JSON.parse(verified.stdout) as { flow: string; verdict: string }[];
      expect(results.map(({ flow, verdict }) => [flow, verdict])).toEqual([
        ["rabbitmq/orders", "away"],
        ["redis/notifications/emails/mailer", "kept"],
      ]);
    } finally {
      await redis(["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
      rmSync(folder, { recursive: true });
    }
  });
});
