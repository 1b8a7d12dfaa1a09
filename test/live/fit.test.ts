import { describe, expect, it } from "vitest";
import * as wire from "../../client/kafka/wire.ts";
import { unfitKafka, unfitRabbitmq, unfitRedis } from "../../live/fit.ts";

const info = (lines: Record<string, string>) =>
  Object.entries({ redis_version: "8.0.2", redis_mode: "standalone", role: "master", cluster_enabled: "0", ...lines })
    .map(([name, value]) => `${name}:${value}\r\n`)
    .join("");

describe("a RabbitMQ", () => {
  it.each(["3.10.0", "3.13.7", "4.0.5", "4.1.0-rc.1", "10.0.0", "unknown"])("of %s is taken", (version) => {
    expect(unfitRabbitmq(version)).toBeUndefined();
  });

  it.each(["3.9.29", "3.8", "2.99.0"])("of %s is too old", (version) => {
    expect(unfitRabbitmq(version)).toBe(`be RabbitMQ 3.10 or later, got ${version}`);
  });
});

describe("a Kafka", () => {
  const taken = (listOffsets: [number, number]) => [
    { apiKey: 2, minVersion: listOffsets[0], maxVersion: listOffsets[1] },
    { apiKey: 9, minVersion: 1, maxVersion: 9 },
    { apiKey: 10, minVersion: 0, maxVersion: 6 },
  ];

  it("that takes what clients send is taken", () => {
    expect(unfitKafka(taken([1, 10]))).toBeUndefined();
  });

  it("that does not, or no longer does, is told by what it lacks", () => {
    const must = "be Kafka 3.0 or later and take version 7 of ListOffsets, got";
    expect(unfitKafka(taken([0, 6]))).toBe(`${must} 0 to 6`);
    expect(unfitKafka(taken([8, 12]))).toBe(`${must} 8 to 12`);
    expect(unfitKafka([])).toBe(`${must} none`);
  });

  it("is asked for the very versions that clients send", () => {
    const { listOffsetsV7, offsetFetchV8, findCoordinatorV4 } = wire;
    const sent = [listOffsetsV7, offsetFetchV8, findCoordinatorV4].map(({ api }) => ({
      apiKey: api.key,
      minVersion: api.version,
      maxVersion: api.version,
    }));
    expect(unfitKafka(sent)).toBeUndefined();
  });
});

describe("a Redis server", () => {
  it.each<Record<string, string>>([
    { redis_version: "7.2.0" },
    { redis_version: "8.0.2" },
    { redis_version: "7.2.4", valkey_version: "7.2.6", server_name: "valkey" },
    { redis_version: "255.255.255" },
  ])("of %j is taken", (lines) => {
    expect(unfitRedis(info(lines))).toBeUndefined();
  });

  it.each<[Record<string, string>, string]>([
    [{ redis_version: "7.0.15" }, "be Redis 7.2 or later, got 7.0.15"],
    [{ redis_version: "6.2.14" }, "be Redis 7.2 or later, got 6.2.14"],
    [{ redis_version: "7.2.4", valkey_version: "7.1.0" }, "be Valkey 7.2 or later, got 7.1.0"],
    [
      { role: "slave", master_host: "10.0.0.7", master_port: "6379" },
      "be the primary, got a replica of 10.0.0.7:6379: give the address of the primary",
    ],
    [
      { redis_mode: "cluster", cluster_enabled: "1" },
      expect.stringContaining("got a node of a Redis Cluster, which is not supported"),
    ],
    [{ redis_mode: "sentinel" }, expect.stringContaining("got a Sentinel, which is not supported")],
  ])("of %j is not", (lines, why) => {
    expect(unfitRedis(info(lines))).toEqual(why);
  });
});
