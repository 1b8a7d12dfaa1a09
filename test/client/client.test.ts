import { expect, it, vi } from "vitest";
import type { AppAccess } from "../../client/access.ts";
import { connect } from "../../client/client.ts";
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
