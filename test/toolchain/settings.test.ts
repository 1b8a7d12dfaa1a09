import { expect, test } from "vitest";
import { parseEnvironment, parseSkill } from "../../skill/index.ts";
import { needsOf, ownConfig } from "../../toolchain/settings.ts";

const skill = (brokers: object) => parseSkill({ name: "s", version: "2.0.0", apps: { a: {} }, ...brokers });
const oneQueue = { rabbitmq: { queues: { q: { producers: ["a"], consumers: { a: {} } } } } };
const instance = (engine: string) => ({ engine, maxMemory: "16mb", keys: { "k:*": ["a"] } });
const redis = (engine: string) => ({ redis: { instances: { cache: instance(engine) } } });

test("a skill with one Redis instance needs that image, the Docker plugin and one port", () => {
  const needs = needsOf(skill(redis("valkey")), parseEnvironment({ brokers: "local" }));
  expect(needs.images).toEqual(["valkey"]);
  expect(needs.plugins).toEqual(["docker"]);
  expect(needs.ports.map(({ broker }) => broker)).toEqual(["redis-cache"]);
});

test("two instances of one engine need its image once", () => {
  const two = { redis: { instances: { a: instance("redis"), b: instance("redis") } } };
  expect(needsOf(skill(two), parseEnvironment({ brokers: "local" })).images).toEqual(["redis"]);
});

test("external brokers need their plugins, and no image, engine or port", () => {
  const environment = parseEnvironment({
    brokers: "external",
    rabbitmq: { endpoint: "https://rabbit.example:15671", username: "admin" },
  });
  expect(needsOf(skill(oneQueue), environment)).toEqual({ images: [], plugins: ["rabbitmq"], ports: [] });
});

test("a stack's file gives the keys of our namespace, its passwords by name alone, and leaves other namespaces", () => {
  const config = {
    "messaging:brokers": "external",
    "messaging:rabbitmqPassword": { secure: "v1:abc" },
    "messaging:kafkaPassword": "clear",
    "messaging:nonsense": { secure: "v1:abc" },
    "aws:region": "eu-central-1",
  };
  expect(ownConfig({ config, encryptionsalt: "v1:x" })).toEqual({
    config: { brokers: "external", nonsense: { secure: "v1:abc" } },
    secrets: ["rabbitmqPassword"],
    inClear: ["kafkaPassword"],
  });
  for (const empty of [{}, null]) expect(ownConfig(empty)).toEqual({ config: {}, secrets: [], inClear: [] });
});
