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

it("A consumer without an onError warns on stderr, once for as long as it stays so", async () => {
  const consume = vi.spyOn(KafkaClient.prototype, "consume").mockResolvedValue(undefined as never);
  const warned = vi.spyOn(process, "emitWarning").mockReturnValue();
  await connect({ kafka: { consumes: {}, bootstrapServers: [] } } as unknown as AppAccess).consume(
    "kafka/orders",
    () => {},
  );
  const { onError } = consume.mock.lastCall![2]!;
  for (let times = 0; times < 2; times++) onError!(new Error("Kafka does not answer"));
  expect(warned.mock.calls).toEqual([["Kafka does not answer", "MessagingWarning"]]);
  vi.restoreAllMocks();
});

it("A message that passes on what was delivered is a new one: of the contract's headers it has none", async () => {
  const publish = vi.spyOn(SqsClient.prototype, "publish").mockResolvedValue({ id: "2" });
  const client = connect({ sqs: {} } as unknown as AppAccess);
  const delivered = { "x-message-id": "1", "x-attempt": "3", "x-redrive-group": "bill", tenant: "t", "x-own": "1" };
  await client.publish("sqs/orders", { body: "b", headers: delivered });
  await client.publish("sqs/orders", { body: "b" });
  expect(publish.mock.calls).toEqual([
    ["orders", { body: "b", headers: { tenant: "t", "x-own": "1" } }],
    ["orders", { body: "b", headers: {} }],
  ]);
  vi.restoreAllMocks();
});

it.each([
  ["rabbitmq", RabbitmqClient, {}],
  ["kafka", KafkaClient, { "x-expiration": "500" }],
])(
  "A header x-expiration is the contract's on RabbitMQ alone: on %s it is passed on",
  async (broker, Kind, headers) => {
    const publish = vi.spyOn(Kind.prototype as BrokerClient, "publish").mockResolvedValue({ id: "2" });
    const client = connect({ [broker]: { publishes: {}, consumes: {}, bootstrapServers: [] } } as unknown as AppAccess);
    await client.publish(`${broker}/orders`, { body: "b", headers: { "x-expiration": "500" } });
    expect(publish.mock.lastCall).toEqual(["orders", { body: "b", headers }]);
    vi.restoreAllMocks();
  },
);

it("An app that the stack's output does not have is an error of its own", () => {
  expect(() => connect(undefined as never)).toThrow(
    "access: must be the app's entry of the stack's apps output, got undefined",
  );
});
