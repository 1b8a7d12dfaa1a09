import { DeleteMessageCommand, ReceiveMessageCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, inject, it } from "vitest";
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

describe("data outlives the restart of its container", () => {
  it("on RabbitMQ: the DLQ of before still holds its message, and every user is there", async () => {
    const before = await ctl("list_queues", "-p", "orders", "name", "messages");
    expect(before).toContainEqual({ name: "orders.dlq", messages: 2 });
    await restart("rabbitmq");
    await expect
      .poll(() => ctl("list_queues", "-p", "orders", "name", "messages"), { timeout: 60_000 })
      .toEqual(before);
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
