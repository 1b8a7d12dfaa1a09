import { describe, expect, it } from "vitest";
import { deadLetterRetention } from "../../policies/rules/deadLetterRetention.ts";
import { kafkaDeadLetterPartitions } from "../../policies/rules/kafkaDeadLetterPartitions.ts";
import { kafkaDurability } from "../../policies/rules/kafkaDurability.ts";
import { findings } from "./fake.ts";
import { topic } from "./foreign.ts";

describe("a dead-letter topic", () => {
  it.each([
    "orders.dlt",
    "orders-dlt",
    "orders.DLT",
    "orders.shipping.dlt",
    "orders_dead_letters",
    "orders-shipping-dlq",
  ])("%s with fewer partitions than its topic is told", async (name) => {
    const problem = `kafka/${name}: must have at least the 6 partitions of orders, got 3`;
    expect(await findings(kafkaDeadLetterPartitions, [topic("orders", 6), topic(name, 3)])).toEqual([
      `${name}: ${problem}`,
    ]);
    expect(await findings(kafkaDeadLetterPartitions, [topic("orders", 6), topic(name, 6)])).toEqual([]);
  });

  it("belongs to the topic with the longest name that begins its own, and never to a retry topic", async () => {
    const topics = [
      topic("orders", 2),
      topic("orders.eu", 6),
      topic("orders.eu.mill.retry.1000", 9),
      topic("orders.eu.mill.dlt", 3),
    ];
    expect(await findings(kafkaDeadLetterPartitions, topics)).toEqual([
      "orders.eu.mill.dlt: kafka/orders.eu.mill.dlt: must have at least the 6 partitions of orders.eu, got 3",
    ]);
    expect(await findings(kafkaDeadLetterPartitions, [topic("order", 9), topic("orders.dlt", 1)])).toEqual([]);
  });

  it("whose name does not tell is named by the configuration", async () => {
    const config = { deadLetterTopics: { graveyard: "orders" } };
    expect(await findings(kafkaDeadLetterPartitions, [topic("orders", 6), topic("graveyard", 3)])).toEqual([]);
    expect(
      await findings(kafkaDeadLetterPartitions, [topic("orders", 6), topic("graveyard", 3)], { config }),
    ).toHaveLength(1);
  });

  it.each([
    [{ "retention.ms": "604800000" }, { "retention.ms": "1209600000" }, undefined],
    [{}, {}, undefined],
    [{ "retention.ms": "1209600000" }, {}, "1209600000 ms, got 604800000 ms"],
    [{ "retention.ms": "-1" }, { "retention.ms": "1209600000" }, "for ever, got 1209600000 ms"],
    [{ "retention.ms": "-1" }, { "retention.ms": "-1" }, undefined],
    [{ "cleanup.policy": "compact" }, {}, undefined],
  ])("of a topic with %j that keeps %j is told: %s", async (source, deadLetters, told) => {
    const found = await findings(deadLetterRetention, [
      topic("orders", 3, source),
      topic("orders.dlt", 3, deadLetters),
    ]);
    const rule = "orders.dlt: kafka/orders.dlt: must keep dead letters as long as orders keeps messages";
    expect(found).toEqual(told ? [`${rule}, ${told}`] : []);
  });
});

describe("a topic outside local", () => {
  const remote = { bootstrapServers: '["kafka.example.org:9093"]' };

  it.each([
    [3, "2", undefined],
    [5, "3", undefined],
    [1, "1", "must have a replicationFactor of at least 3, got 1"],
    [2, "1", "must have a replicationFactor of at least 3, got 2"],
    [3, "1", "must have min.insync.replicas of 2 to 2, got 1"],
    [3, "3", "must have min.insync.replicas of 2 to 2, got 3"],
    [5, undefined, "must have min.insync.replicas of 2 to 4, got none"],
  ])("with %i replicas and min.insync.replicas %s is told: %s", async (replicas, inSync, problem) => {
    const orders = topic("orders", 3, { "min.insync.replicas": inSync }, { replicas, provider: remote });
    expect(await findings(kafkaDurability, [orders])).toEqual(problem ? [`orders: kafka/orders: ${problem}`] : []);
  });

  it("is one by its provider's servers and by its stack's name", async () => {
    const one = (provider?: object) => [topic("orders", 3, {}, { replicas: 1, provider })];
    const told = async (...args: Parameters<typeof findings>) => (await findings(...args)).length;
    expect(await told(kafkaDurability, one({ bootstrapServers: '["127.0.0.1:9092","localhost:9093"]' }))).toBe(0);
    expect(await told(kafkaDurability, one({ bootstrapServers: ["[::1]:9092"] }))).toBe(0);
    expect(await told(kafkaDurability, one({ bootstrapServers: '["127.0.0.1:9092","10.0.0.1:9092"]' }))).toBe(1);
    expect(await told(kafkaDurability, one(remote), { stack: "local" })).toBe(0);
    expect(await told(kafkaDurability, one(remote), { stack: "dev", config: { localStacks: ["dev"] } })).toBe(0);
    expect(await told(kafkaDurability, one(remote), { stack: "local", config: { localStacks: ["dev"] } })).toBe(1);
    expect(await told(kafkaDurability, one())).toBe(1);
  });
});
