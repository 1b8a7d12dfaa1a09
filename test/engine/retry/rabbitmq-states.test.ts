import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { RabbitmqClient } from "../../../client/rabbitmq/client.ts";
import { deadLettersOf } from "../../../client/rabbitmq/deadLetters.ts";
import { linkTo } from "../../../client/rabbitmq/link.ts";
import { publisherOn } from "../../../client/rabbitmq/publisher.ts";
import { newProperties } from "../../../client/rabbitmq/rawBodies.ts";
import { must } from "../command.ts";
import { retries } from "./environment.ts";
import { queuesOf, until } from "./rabbitmqTools.ts";

const environment = retries();
const access = environment.operator.rabbitmq!;
const queues = queuesOf(access);

beforeEach(() => queues.purge());
afterAll(async () => {
  await queues.purge();
  await queues.close();
});

describe("a long redrive on RabbitMQ", () => {
  it("gives back what it keeps before the broker closes its channel, and still meets each once, in order", async () => {
    const link = linkTo(access);
    const publisher = publisherOn(link);
    const place = access.deadLetters.find(({ flow }) => flow === "rabbitmq/audits")!;
    const letters = deadLettersOf(place, {
      link,
      publisher,
      deadLetterExchange: access.deadLetterExchange,
      targets: ["audits"],
      unacknowledged: async () => 0,
      hold: 0,
    });
    const send = (messageId: string) =>
      publisher.send(
        {
          exchange: access.deadLetterExchange,
          routingKey: "audits",
          messageId,
          properties: newProperties({ messageId }),
        },
        Buffer.from("x"),
      );
    for (let at = 0; at < 8; at++) await send(`dead-${at}`);
    const met: string[] = [];
    const counts: number[] = [];
    for await (const batch of letters.take(2)) {
      met.push(...batch.map(({ id }) => id));
      await letters.settle(batch.map(({ id }) => (id === "dead-3" ? { kind: "drop" } : { kind: "keep" })));
      if (met.length === 6) await send("late");
      if (met.length === 8) counts.push((await letters.count()).messages);
    }
    expect(met).toEqual(Array.from({ length: 8 }, (_, at) => `dead-${at}`));
    // Whatever is in hand is counted; one was dropped, and one came in.
    expect(counts).toEqual([8]);
    await Promise.all([letters.close(), publisher.close()]);
    await link.close();
    expect(await queues.ids("audits.dlq")).toEqual([...met.filter((id) => id !== "dead-3"), "late"]);
  });
});

describe("a RabbitMQ that is short of memory", () => {
  it("says so once, and takes a message once that was sent again and again meanwhile", async () => {
    const broker = (...command: string[]) =>
      must("docker", ["exec", `messaging-${environment.environment}-rabbitmq`, "rabbitmqctl", "-q", ...command]);
    const told: string[] = [];
    const link = linkTo(access, ({ message }) => void told.push(message));
    const publisher = publisherOn(link, 200);
    const message = {
      exchange: "",
      routingKey: "audits",
      messageId: "m",
      properties: newProperties({ messageId: "m" }),
    };
    const send = () => publisher.send(message, Buffer.from("x"));
    await send();
    await broker("set_vm_memory_high_watermark", "0.0001");
    try {
      const alarm =
        "the broker takes no messages from anybody, as it is low on memory (an alarm); it accepts them again by itself when that is over";
      await until("the alarm", () =>
        send().then(
          () => false,
          () => told.length > 0,
        ),
      );
      await expect(send()).rejects.toThrow(
        `rabbitmq default exchange, routing key audits: the broker did not confirm within 0.2 s: ${alarm}`,
      );
      expect(told).toEqual([
        expect.stringMatching(/^rabbitmq .* at amqp.*: the broker takes no messages from anybody/),
      ]);
      await queues.purge();
      await send().catch(() => {});
    } finally {
      await broker("set_vm_memory_high_watermark", "0.6");
    }
    await until(
      "the confirm",
      () =>
        send().then(
          () => true,
          () => false,
        ),
      10,
    );
    await publisher.close();
    await link.close();
    expect(await queues.drained("audits")).toEqual(["m"]);
  });
});

describe("a RabbitMQ that takes less than it did", () => {
  it("ends a message that is too large by now, and neither it nor its neighbours are handled or kept twice", async () => {
    const atMost = (bytes: number) =>
      must("docker", [
        ...["exec", `messaging-${environment.environment}-rabbitmq`, "rabbitmqctl", "-q", "eval"],
        `application:set_env(rabbit, max_message_size, ${bytes}), persistent_term:put(max_message_size, ${bytes}).`,
      ]);
    const shop = new RabbitmqClient(environment.apps.shop.rabbitmq!);
    const billing = new RabbitmqClient(environment.apps.billing.rabbitmq!);
    const ids = Array.from({ length: 6 }, (_, at) => `m-${at}`);
    for (const id of ids) await shop.publish("invoices", { id, body: id === "m-2" ? "b".repeat(200_000) : "x" });
    const handled: string[] = [];
    await atMost(100_000);
    try {
      await billing.consume("invoices", ({ id }) => {
        handled.push(id);
        throw new Error("no");
      });
      await until("the dead letters", async () => (await queues.ready("invoices.dlq")) >= 6, 20);
      await billing.close();
    } finally {
      await atMost(16_777_216);
    }
    await shop.close();
    expect(await queues.ready("invoices")).toBe(0);
    expect((await queues.drained("invoices.dlq")).toSorted()).toEqual(ids);
    const counts = ids.map((id) => handled.filter((one) => one === id).length);
    expect(counts).toEqual([4, 4, 1, 4, 4, 4]);
  });
});

describe("a queue of RabbitMQ that is deleted under its consumer", () => {
  it("is named to the consumer", async () => {
    const link = linkTo(access);
    const { channel } = await link.open();
    await channel.queueDeclare({ queue: "gone", durable: true });
    const subscription = { queue: "gone", prefetch: 1, maxAttempts: 1, deadLetterExchange: access.deadLetterExchange };
    const client = new RabbitmqClient({ ...access, publishes: {}, consumes: { gone: subscription } });
    const told: string[] = [];
    const { ended } = await client.consume("gone", () => {}, { onError: ({ message }) => void told.push(message) });
    await channel.queueDelete({ queue: "gone" });
    await until("the error", () => told.length > 1);
    expect((await ended)?.message.split(": rabbitmq/gone: ")[0]).toMatchInlineSnapshot(
      `"rabbitmq/gone: the consumer ended, because what it needs is gone: if it was deleted by hand, run pulumi up --refresh, which makes it; if it left the skill, read the stack's \`apps\` output again; then restart it"`,
    );
    await client.close();
    await channel.close();
    await link.close();
    expect(told.slice(0, 2)).toEqual([
      "rabbitmq/gone: the broker ended the consumer: the queue was deleted, or has another leader",
      expect.stringMatching(/^rabbitmq\/gone: the broker refuses: BasicConsume: NOT_FOUND - no queue 'gone'/),
    ]);
  });
});
