import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, inject, it } from "vitest";
import { type AppAccess, connect } from "../../client/index.ts";
import { container, inside, npm, output, pulumi } from "./clone.ts";
import { must, run } from "./command.ts";

const clone = inject("clone");
const healthy = (broker: string) =>
  expect
    .poll(
      async () =>
        (await must("docker", ["inspect", "-f", "{{.State.Health.Status}}", container(clone, broker)])).trim(),
      { timeout: 120_000, interval: 1000 },
    )
    .toBe("healthy");
const restart = async (broker: string) => {
  await must("docker", ["restart", container(clone, broker)]);
  await healthy(broker);
};
const ctl = async (...args: string[]) =>
  JSON.parse((await inside(clone, "rabbitmq", ["rabbitmqctl", "-q", "--formatter", "json", ...args])).stdout);

async function deadLetterOnRabbitmq(): Promise<void> {
  expect((await inside(clone, "rabbitmq", ["rabbitmqctl", "purge_queue", "-p", "orders", "orders.dlq"])).code).toBe(0);
  const apps = await output<Record<string, AppAccess>>(clone, "apps");
  const [producer, consumer] = [connect(apps["order-service"]!), connect(apps.fulfilment!)];
  let attempts = 0;
  await consumer.consume("rabbitmq/orders", () => {
    attempts += 1;
    throw new Error("never good");
  });
  await producer.publish("rabbitmq/orders", { body: "kept", key: "order.created" });
  await expect.poll(() => attempts, { timeout: 60_000 }).toBe(3);
  await Promise.all([producer.close(), consumer.close()]);
}

describe("data outlives the restart of its container", () => {
  it("on RabbitMQ: the DLQ of before still holds its message, and every user is there", async () => {
    await deadLetterOnRabbitmq();
    const held = async () =>
      Object.fromEntries(
        (await ctl("list_queues", "-p", "orders", "name", "messages")).map(
          ({ name, messages }: { name: string; messages: number }) => [name, messages],
        ),
      );
    const one = { orders: 0, "orders.dlq": 1, "messaging.retry.1000ms": 0, "messaging.retry.2000ms": 0 };
    await expect.poll(held, { timeout: 60_000 }).toEqual(one);
    await restart("rabbitmq");
    await expect.poll(held, { timeout: 60_000 }).toEqual(one);
    expect(await ctl("list_users")).toHaveLength(3);
  });

  it("on Kafka: the topics and what is in them", async () => {
    const size = async () =>
      (
        await inside(clone, "kafka", [
          "sh",
          "-c",
          "find /var/lib/kafka/data -path '*/user-events-*/*.log' | sort | xargs cat | wc -c",
        ])
      ).stdout.trim();
    const apps = await output<Record<string, AppAccess>>(clone, "apps");
    const producer = connect(apps["order-service"]!);
    await producer.publish("kafka/user-events", { body: "kept", key: "k" });
    await producer.close();
    const before = await size();
    expect(Number(before)).toBeGreaterThan(0);
    await restart("kafka");
    expect(await size()).toBe(before);
  });

  it("on SQS: a message that was sent", async () => {
    const endpoint = `http://127.0.0.1:${clone.ports.aws}`;
    const sqs = new SQSClient({
      endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    const QueueUrl = `${endpoint}/000000000000/payments.fifo`;
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "kept", MessageGroupId: "kept" }));
    await restart("localstack");
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10 }));
    expect(Messages[0]?.Body).toBe("kept");
    await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]!.ReceiptHandle! }));
  });

  it("on Redis: a key, the append-only file, and no eviction", async () => {
    const apps = await output<Record<string, { redis: { notifications: { password: string } } }>>(clone, "apps");
    const password = apps["order-service"]!.redis.notifications.password;
    const redis = async (...args: string[]) =>
      (
        await inside(
          clone,
          "redis-notifications",
          [
            "sh",
            "-c",
            'IFS= read -r REDISCLI_AUTH; export REDISCLI_AUTH; exec redis-cli --user order-service "$@"',
            "sh",
            ...args,
          ],
          `${password}\n`,
        )
      ).stdout.trim();
    await redis("SET", "cart:kept", "yes");
    await new Promise((resolve) => setTimeout(resolve, 1500)); // appendfsync everysec
    await restart("redis-notifications");
    expect(await redis("GET", "cart:kept")).toBe("yes");
    const { stdout } = await inside(clone, "redis-notifications", ["cat", "/data/redis.conf"]);
    expect(stdout).toMatch(/^appendonly yes$/m);
    expect(stdout).toMatch(/^maxmemory-policy noeviction$/m);
    expect(stdout).toMatch(/^maxmemory 268435456|^maxmemory 256mb$/m);
  });

  it("and Pulumi finds nothing to change after it", async () => {
    const refreshed = await pulumi(clone, "refresh", "--preview-only", "--expect-no-changes");
    expect(refreshed.code, refreshed.output).toBe(0);
  });

  it("npm start brings a stopped container up again", async () => {
    await must("docker", ["stop", container(clone, "redis-notifications")]);
    const { code, output: printed } = await npm(clone, "start");
    expect(code, printed).toBe(0);
    await healthy("redis-notifications");
    const { stdout } = await run("docker", ["ps", "--format", "{{.Names}}"]);
    expect(stdout).toContain(container(clone, "redis-notifications"));
  });
});
