import { describe, expect, it } from "vitest";
import { hostOf, isLoopback } from "../../policies/local.ts";
import { protectStateful } from "../../policies/rules/protectStateful.ts";
import { redisNoeviction } from "../../policies/rules/redisNoeviction.ts";
import { sqsTls } from "../../policies/rules/sqsTls.ts";
import { tls } from "../../policies/rules/tls.ts";
import { type Fake, findings, UNKNOWN_TEXT } from "./fake.ts";
import { arnOf, container, provider, queue, queuePolicy, sqs, topic } from "./foreign.ts";

describe("an address", () => {
  it.each([
    ["http://127.0.0.1:15672", true],
    ["localhost:9092", true],
    ["127.8.9.1", true],
    ["[::1]:9092", true],
    ["::1", true],
    ["http://user:p@127.0.0.1@rabbit.example.org:15672/x", false],
    ["https://127.0.0.1.example.org", false],
    ["10.0.0.1:9092", false],
    ["::", false],
  ])("%s is of this machine: %s", (address, answer) => {
    expect(isLoopback(address)).toBe(answer);
  });

  it("shows its host without who may enter", () => {
    expect(hostOf("amqp://user:secret@rabbit.example.org:5672/%2F?x=1")).toBe("rabbit.example.org");
  });
});

describe("TLS", () => {
  it.each<[string, object, string[]]>([
    ["rabbitmq", { endpoint: "https://rabbit.example.org:15671" }, []],
    ["rabbitmq", { endpoint: "http://127.0.0.1:15672", insecure: "true" }, []],
    ["rabbitmq", { endpoint: UNKNOWN_TEXT }, []],
    ["rabbitmq", { endpoint: "http://rabbit.example.org:15672" }, ["must use https://, got http://rabbit.example.org"]],
    [
      "rabbitmq",
      { endpoint: "https://rabbit.example.org", insecure: "true" },
      ["must check the certificate, got insecure: true"],
    ],
    ["kafka", { bootstrapServers: '["kafka.example.org:9093"]' }, []],
    [
      "kafka",
      { bootstrapServers: '["kafka.example.org:9092"]', tlsEnabled: "false" },
      ["must have tlsEnabled, got false"],
    ],
    ["kafka", { bootstrapServers: ["kafka.example.org:9092"], tlsEnabled: false }, ["must have tlsEnabled, got false"]],
    [
      "kafka",
      { bootstrapServers: '["kafka.example.org:9092"]', skipTlsVerify: "true" },
      ["must check the certificate, got skipTlsVerify: true"],
    ],
    ["kafka", { bootstrapServers: '["localhost:9092"]', tlsEnabled: "false" }, []],
    ["aws", { region: "eu-central-1" }, []],
    ["aws", { endpoints: '[{"sqs":"http://127.0.0.1:4566"}]' }, []],
    [
      "aws",
      { endpoints: '[{"sqs":"http://aws.example.org:4566"}]' },
      ["must use https://, got http://aws.example.org"],
    ],
    [
      "messaging-extras",
      { url: "redis://redis.example.org:6379" },
      ["must use rediss://, got redis://redis.example.org"],
    ],
    ["messaging-extras", { url: "rediss://redis.example.org:6379" }, []],
  ])("of provider %s with %j: %j", async (kind, props, problems) => {
    const told = problems.map((problem) => `main: provider ${kind}/main: ${problem}`);
    expect(await findings(tls, [provider(kind, props)])).toEqual(told);
    expect(await findings(tls, [provider(kind, props)], { stack: "local" })).toEqual([]);
  });

  it.each<[string, object, string[]]>([
    ["replicationGroup", { transitEncryptionEnabled: true, transitEncryptionMode: "required" }, []],
    ["replicationGroup", {}, ["must have transitEncryptionEnabled, got false"]],
    [
      "cluster",
      { engine: "redis", transitEncryptionEnabled: false },
      ["must have transitEncryptionEnabled, got false"],
    ],
    ["cluster", { replicationGroupId: "r" }, []],
    [
      "replicationGroup",
      { transitEncryptionEnabled: true, transitEncryptionMode: "preferred" },
      ["must have transitEncryptionMode required, got preferred, which takes clients without TLS"],
    ],
  ])("of an ElastiCache %s with %j: %j", async (kind, props, problems) => {
    const type = `aws:elasticache/${kind}:${kind[0]!.toUpperCase()}${kind.slice(1)}`;
    const told = problems.map((problem) => `cache: redis/cache: ${problem}`);
    expect(await findings(tls, [{ type, name: "cache", props }])).toEqual(told);
    const provider = { endpoints: '[{"elasticache":"http://localhost:4566"}]' };
    expect(await findings(tls, [{ type, name: "cache", props, provider }])).toEqual([]);
  });

  it("of a shovel and a federation is that of their addresses, told without their passwords", async () => {
    const shovel: Fake = {
      type: "rabbitmq:index/shovel:Shovel",
      name: "s",
      props: { info: { sourceUri: "amqps://a.example.org", destinationUri: "amqp://u:secret@b.example.org:5672" } },
    };
    const upstream: Fake = {
      type: "rabbitmq:index/federationUpstream:FederationUpstream",
      name: "f",
      props: { definition: { uri: "amqp://c.example.org" } },
    };
    expect(await findings(tls, [shovel, upstream])).toEqual([
      "s: shovel s: must use amqps://, got amqp://b.example.org",
      "f: federation upstream f: must use amqps://, got amqp://c.example.org",
    ]);
  });

  it("of an SQS queue is refusing the rest by a policy, its own or one beside it", async () => {
    const deny = {
      Effect: "Deny",
      Principal: "*",
      Action: "sqs:*",
      Resource: arnOf("payments"),
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    };
    const none = "payments: sqs/payments: must refuse access without TLS, got no policy";
    const weak = "payments: sqs/payments: must refuse access without TLS, got a policy that does not";
    expect(await findings(sqsTls, [sqs("payments")])).toEqual([none]);
    expect(await findings(sqsTls, [sqs("payments", { policy: JSON.stringify({ Statement: deny }) })])).toEqual([]);
    expect(await findings(sqsTls, [sqs("payments"), queuePolicy("payments", [deny])])).toEqual([]);
    expect(await findings(sqsTls, [sqs("payments"), queuePolicy("billing", [deny])])).toEqual([none]);
    for (const less of [
      { Action: "sqs:SendMessage" },
      { Effect: "Allow" },
      { Principal: { AWS: "arn:aws:iam::1:role/a" } },
      { Condition: {} },
    ])
      expect(await findings(sqsTls, [sqs("payments"), queuePolicy("payments", [{ ...deny, ...less }])])).toEqual([
        weak,
      ]);
    const emulated = { provider: { endpoints: '[{"sqs":"http://127.0.0.1:4566"}]' } };
    expect(await findings(sqsTls, [sqs("payments", {}, emulated)])).toEqual([]);
  });
});

describe("a Redis server", () => {
  const group = (parameters: object[] | undefined, family = "redis7") => ({
    type: "aws:elasticache/parameterGroup:ParameterGroup",
    name: "own",
    props: { name: "own", family, parameters },
  });
  const of = (kind: string, props: object) => ({
    type: `aws:elasticache/${kind}:${kind[0]!.toUpperCase()}${kind.slice(1)}`,
    name: "cache",
    props,
  });
  const settings = (value: string) => ({
    type: "messaging-extras:redis:Settings",
    name: "r",
    props: { parameters: { "maxmemory-policy": value } },
  });

  it.each<[Fake, string]>([
    [group([]), "none, which is volatile-lru there"],
    [group([{ name: "maxmemory-policy", value: "allkeys-lru" }]), "allkeys-lru"],
    [of("replicationGroup", {}), "no parameterGroupName, which is volatile-lru"],
    [
      of("replicationGroup", { parameterGroupName: "default.redis7" }),
      "parameterGroupName default.redis7, which is volatile-lru",
    ],
    [of("cluster", { engine: "redis" }), "no parameterGroupName, which is volatile-lru"],
    [of("serverlessCache", { engine: "valkey" }), "volatile-lru, which a serverless cache cannot change"],
    [settings("volatile-ttl"), "volatile-ttl"],
    [container("r", { command: ["redis-server", "--maxmemory-policy", "allkeys-lfu"] }), "allkeys-lfu"],
  ])("that evicts is told: %j", async (fake, got) => {
    expect((await findings(redisNoeviction, [fake])).map((line) => line.replace(/^.*: must/, "must"))).toEqual([
      `must have maxmemory-policy noeviction, got ${got}`,
    ]);
  });

  it.each<[Fake]>([
    [group([{ name: "maxmemory-policy", value: "noeviction" }])],
    [group([], "memcached1.6")],
    [of("replicationGroup", { parameterGroupName: "own" })],
    [of("replicationGroup", { parameterGroupName: UNKNOWN_TEXT })],
    [of("cluster", { engine: "memcached" })],
    [settings("noeviction")],
    [container("r", { command: ["redis-server", "--maxmemory-policy", "noeviction"] })],
    [container("r", { command: ["redis-server"] })],
  ])("that does not is fine: %j", async (fake) => {
    expect(await findings(redisNoeviction, [fake])).toEqual([]);
  });
});

describe("what holds messages", () => {
  const volume = { type: "docker:index/volume:Volume", name: "data", props: {} };
  const all = [queue("orders"), topic("clicks"), sqs("payments"), volume];

  it("is protected in production, and nowhere else", async () => {
    expect(await findings(protectStateful, all, { stack: "prod" })).toEqual([
      "orders: rabbitmq/orders: must be protected in prod, got protect: false",
      "clicks: kafka/clicks: must be protected in prod, got protect: false",
      "payments: sqs/payments: must be protected in prod, got protect: false",
      "data: volume/data: must be protected in prod, got protect: false",
    ]);
    expect(await findings(protectStateful, all, { stack: "staging" })).toEqual([]);
    const protecting = all.map((fake) => ({ ...fake, protect: true }));
    expect(await findings(protectStateful, protecting, { stack: "production" })).toEqual([]);
  });

  it("is in production where the configuration says so, and guarded by the components that it names", async () => {
    const config = { productionStacks: ["live-*"] };
    expect(await findings(protectStateful, [queue("orders")], { stack: "live-eu", config })).toHaveLength(1);
    expect(await findings(protectStateful, [queue("orders")], { stack: "prod", config })).toEqual([]);
    const guarded = queue("orders", {}, { within: ["messaging:index:Messaging", "messaging:rabbitmq:DurableQueue"] });
    expect(await findings(protectStateful, [guarded])).toEqual([]);
    expect(await findings(protectStateful, [guarded], { config: { guarded: [] } })).toHaveLength(1);
  });
});
