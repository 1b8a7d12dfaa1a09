import { expect, it, vi } from "vitest";
import type { AppAccess } from "../../client/access.ts";
import { connect, quietly } from "../../client/client.ts";
import { KafkaClient } from "../../client/kafka/client.ts";
import type { BrokerClient } from "../../client/message.ts";
import { RabbitmqClient } from "../../client/rabbitmq/client.ts";
import { RedisClient } from "../../client/redis/client.ts";
import { SqsClient } from "../../client/sqs/client.ts";

it.each([
  ["rabbitmq", RabbitmqClient],
  ["kafka", KafkaClient],
  ["sqs", SqsClient],
  ["redis", RedisClient],
])("An onError that throws ends no consumer of %s", async (broker, Kind) => {
  const consume = vi.spyOn(Kind.prototype as BrokerClient, "consume").mockResolvedValue(undefined as never);
  const client = connect({ [broker]: { publishes: {}, consumes: {}, bootstrapServers: [] } } as unknown as AppAccess);
  const onError = vi.fn(() => {
    throw new Error("of the app's own");
  });
  await client.consume(`${broker}/orders`, () => {}, { onError, concurrency: 2 });
  const told = new Error("gone");
  const options = consume.mock.lastCall![2]!;
  consume.mockRestore();
  options.onError!(told);
  expect(onError).toHaveBeenCalledWith(told);
  expect(options.concurrency).toBe(2);
});

it("An app that the stack's output does not have is an error of its own", () => {
  expect(() => connect(undefined as never)).toThrow(
    "access: must be the app's entry of the stack's apps output, got undefined",
  );
});

it("An error is told once for as long as it stays so, and again after it has not come for two minutes", () => {
  const told: string[] = [];
  let now = 0;
  const tell = quietly(
    ({ message }) => told.push(message),
    () => now,
  );
  for (const [seconds, message] of [
    [0, "away"],
    [100, "away"],
    [101, "full"],
    [210, "away"],
    [331, "away"],
  ] as const) {
    now = seconds * 1_000;
    tell(new Error(message));
  }
  expect(told).toEqual(["away", "full", "away"]);
});
