import { EventEmitter } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { AsyncMessage, Channel } from "rabbitmq-client";
import { expect, it } from "vitest";
import { startConsumer } from "../../../client/rabbitmq/consumer.ts";
import { brokenTable, delivered } from "./message.ts";

it("A message of RabbitMQ that cannot be read is rejected and told, and ends neither the process nor the consumer", async () => {
  const steps: unknown[] = [];
  let give = (_: AsyncMessage): void => {};
  let end = (_: Error): void => {};
  const ended = new Promise<Error>((resolve) => {
    end = resolve;
  });
  const channel = Object.assign(new EventEmitter(), {
    active: true,
    basicQos: async () => {},
    basicConsume: async (_: object, take: typeof give) => {
      give = take;
    },
    basicCancel: async () => {},
    basicAck: ({ deliveryTag }: { deliveryTag: number }) => void steps.push(["ack", deliveryTag]),
    basicNack: (how: object) => void steps.push(["nack", how]),
    close: async () => end(new Error("closed")),
  }) as unknown as Channel;
  const link = {
    open: async () => ({ channel, ended }),
    blocked: () => undefined,
    close: async () => {},
  };
  const consumer = await startConsumer({
    link,
    publisher: { send: async () => {}, close: async () => {} },
    consumer: "worker",
    subscription: { queue: "orders", prefetch: 10, maxAttempts: 3, deadLetterExchange: "dead" },
    handler: ({ id }) => void steps.push(["handled", id]),
    options: { onError: ({ message }) => void steps.push(["told", message]) },
  });
  give(await delivered({ messageId: "broken", table: brokenTable, deliveryTag: 1 }));
  give(await delivered({ messageId: "well", deliveryTag: 2 }));
  for (let turns = 0; turns < 5; turns++) await nextTurn();
  expect(steps).toEqual([
    ["nack", { deliveryTag: 1, requeue: false }],
    [
      "told",
      expect.stringMatching(
        /^rabbitmq\/orders: a message is rejected, and its queue makes it a dead letter: message broken: its headers cannot be read: /,
      ),
    ],
    ["handled", "well"],
    ["ack", 2],
  ]);
  await consumer.stop();
});
