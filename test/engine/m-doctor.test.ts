import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import type { AppAccess } from "../../client/access.ts";
import { type Client, connect } from "../../client/index.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { serverOf } from "../../client/redis/server.ts";
import { output, variables } from "./clone.ts";
import { run } from "./command.ts";

const clone = inject("clone");
let apps: Record<string, AppAccess>;
let operator: OperatorAccess;
beforeAll(async () => {
  [apps, operator] = [await output(clone, "apps"), await output(clone, "operator")];
});

const doctor = (...args: string[]) =>
  run("npx", ["messaging", "doctor", "--after", "1s", ...args], { cwd: clone.folder, env: variables(clone) });

/** What the doctor finds, as `<trouble>: <place>`. */
async function found(): Promise<string[]> {
  const { code, stdout, output: printed } = await doctor("--json");
  expect(stdout, printed).toMatch(/^\{/);
  const { findings } = JSON.parse(stdout) as {
    findings: { trouble: string; place: string; cause: string; mend: string }[];
  };
  expect(code, printed).toBe(findings.length > 0 ? 1 : 0);
  for (const { cause, mend } of findings) expect([cause, mend]).not.toContain("");
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
    await redis(["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"], ["CONFIG", "SET", "appendonly", "no"]);
    try {
      expect(await found()).toEqual([
        "backlog: rabbitmq/orders",
        "backlog: redis/notifications/emails/mailer",
        "backlog: sqs/payments",
        "dead letters: rabbitmq/orders",
        "lag: kafka/user-events/notification-service",
        "message loss: rabbitmq/orders",
        "message loss: redis/notifications",
        "message loss: redis/notifications",
      ]);
    } finally {
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

  it("says which broker does not answer, after three more tries from 1 s on, and exits 2", async () => {
    const folder = mkdtempSync(join(tmpdir(), "messaging-doctor-"));
    const outputs = join(folder, "outputs.json");
    const rabbitmq = { ...operator.rabbitmq!, managementUrl: "http://127.0.0.1:1" };
    writeFileSync(
      outputs,
      JSON.stringify({ apps, operator: { retry: operator.retry, rabbitmq: { ...rabbitmq, deadLetters: [] } } }),
      { mode: 0o600 },
    );
    try {
      const { code, output: printed, milliseconds } = await doctor("--outputs", outputs);
      expect(code, printed).toBe(2);
      expect(printed.match(/trying again in (\d) s/g)).toEqual([
        "trying again in 1 s",
        "trying again in 2 s",
        "trying again in 4 s",
      ]);
      expect(milliseconds).toBeGreaterThan(7_000);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
