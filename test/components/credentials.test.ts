import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { declareFlows as kafka } from "../../components/kafka/index.ts";
import { passwordFrom } from "../../components/password.ts";
import { declareFlows as rabbitmq } from "../../components/rabbitmq/index.ts";
import { declareFlows as redis } from "../../components/redis/index.ts";
import { type AcceptedCredentials, parseSkill } from "../../skill/index.ts";
import { program, resolve, secret } from "../mocks.ts";

const skill = parseSkill({
  name: "rotating",
  version: "2.0.0",
  apps: { shop: {}, other: {} },
  rabbitmq: { queues: { orders: { producers: ["shop"], consumers: { shop: {} } } } },
  kafka: { topics: { clicks: { producers: ["shop", "other"], quotas: { shop: { producerByteRate: 5 } } } } },
  redis: { instances: { cache: { keys: { "k:*": ["shop"] } } } },
});
const operator = { managementUrl: "http://h:1", username: "admin", password: "p", saslMechanism: "PLAIN" };
const server = { host: "h", port: 6379, tls: true, username: "admin", password: "p" };

/** What the three brokers declare of the users of the apps, and what the apps are told. */
const declared = (accepted?: AcceptedCredentials, provision: "external" | "elasticache" = "external") =>
  program(
    () => {
      const common = { skill, secret: "s", ...(accepted && { credentials: { shop: accepted } }) };
      const flows = {
        rabbitmq: rabbitmq({ ...common, connection: { url: "amqp://h:1", tls: false }, operator }, {}),
        kafka: kafka(
          {
            ...common,
            connection: { bootstrapServers: ["h:1"], tls: false, saslMechanism: "SCRAM-SHA-512" },
            operator,
          },
          {},
        ),
        redis: redis(
          {
            ...common,
            provision: provision === "external" ? { kind: provision, servers: { cache: server } } : { kind: provision },
          },
          {},
        ),
      };
      return resolve(Object.fromEntries(Object.entries(flows).map(([broker, { apps }]) => [broker, apps.shop])));
    },
    { state: () => ({ primaryEndpointAddress: "cache.aws" }) },
  );

const USER =
  /(rabbitmq|kafka):index\/(user|permissions|topicPermissions|userScramCredential|acl|quota):|:redis:User$|elasticache\/user:|:(Rabbitmq|Kafka)App$/;
const usersOf = async (accepted?: AcceptedCredentials) =>
  Object.fromEntries(
    (await declared(accepted)).resources
      .filter(({ type }) => USER.test(type))
      .map(({ type, name, inputs }) => [`${type.split(":").at(-1)} ${name}`, JSON.stringify(inputs)]),
  );

describe("the users of an app", () => {
  it("are its own of the first credential alone, where nothing is said", async () => {
    expect(await usersOf()).toEqual(await usersOf({ current: 1 }));
    expect(Object.keys(await usersOf()).sort()).toMatchInlineSnapshot(`
      [
        "Acl other/Topic/clicks/Write",
        "Acl shop/Topic/clicks/Write",
        "KafkaApp other",
        "KafkaApp shop",
        "Permissions shop",
        "Quota shop",
        "RabbitmqApp shop",
        "TopicPermissions shop",
        "User cache/shop",
        "User shop",
        "UserScramCredential other",
        "UserScramCredential shop",
      ]
    `);
  });

  it("are doubled while two credentials are accepted, each with all rights and a password of its own", async () => {
    const [one, both] = [await usersOf({ current: 1 }), await usersOf({ current: 2, previous: 1 })];
    expect(both).toMatchObject(one);
    const added = Object.entries(both).filter(([name]) => !Object.hasOwn(one, name));
    const hash = createHash("sha256").update(passwordFrom("s", "redis/cache/shop#2")).digest("hex");
    // All that differs is the name, and what comes of the credential.
    const asFirst = added.map(([name, inputs]) => [
      name.replaceAll("shop.b", "shop"),
      inputs
        .replaceAll("shop.b", "shop")
        .replace(passwordFrom("s", "rabbitmq/shop#2"), passwordFrom("s", "rabbitmq/shop"))
        .replace(passwordFrom("s", "kafka/shop#2"), passwordFrom("s", "kafka/shop"))
        .replace(hash, createHash("sha256").update(passwordFrom("s", "redis/cache/shop")).digest("hex")),
    ]);
    expect(Object.fromEntries(asFirst)).toEqual(
      Object.fromEntries(Object.entries(one).filter(([name]) => /shop/.test(name))),
    );
    for (const [name, inputs] of added.filter(([name]) => /^(User|UserScramCredential) /.test(name)))
      expect(inputs, name).toMatch(/\[secret\]/);
  });

  it.each([
    ["taken out", { current: 2, previous: 1 }, { current: 2 }],
    ["taken out again", { current: 3, previous: 2 }, { current: 3 }],
  ])("change in nothing when the old credential is %s, but go", async (_, from, to) => {
    const [before, after] = [await usersOf(from), await usersOf(to)];
    expect(before).toMatchObject(after);
    expect(Object.keys(before).length - Object.keys(after).length).toBe(9);
  });

  it.each([
    ["first", { current: 1 }, { current: 2, previous: 1 }],
    ["second", { current: 2 }, { current: 3, previous: 2 }],
  ])("change in nothing when another is put beside the %s credential, but come", async (_, from, to) => {
    const [before, after] = [await usersOf(from), await usersOf(to)];
    expect(after).toMatchObject(before);
    expect(Object.keys(after).length - Object.keys(before).length).toBe(9);
  });

  it("are told the app of the current credential alone", async () => {
    const { outputs } = await declared({ current: 2, previous: 1 });
    const told = JSON.stringify(outputs!.value);
    expect(outputs!.value).toMatchObject({
      rabbitmq: { username: "shop.b", password: passwordFrom("s", "rabbitmq/shop#2") },
      kafka: { username: "shop.b", password: passwordFrom("s", "kafka/shop#2") },
      redis: { cache: { username: "shop.b", password: passwordFrom("s", "redis/cache/shop#2") } },
    });
    for (const broker of ["rabbitmq", "kafka", "redis/cache"])
      expect(told).not.toContain(passwordFrom("s", `${broker}/shop`));
  });

  it("on ElastiCache are one with both passwords, the current one first", async () => {
    const { outputs, resources } = await declared({ current: 2, previous: 1 }, "elasticache");
    const users = resources.filter(({ type, inputs }) => /elasticache\/user:/.test(type) && inputs.userName === "shop");
    const passwords = ["redis/cache/shop#2", "redis/cache/shop"].map((purpose) => secret(passwordFrom("s", purpose)));
    expect(users.map(({ inputs }) => inputs.authenticationMode)).toEqual([{ type: "password", passwords }]);
    expect(outputs!.value).toMatchObject({
      redis: { cache: { username: "shop", password: passwordFrom("s", "redis/cache/shop#2") } },
    });
  });
});
