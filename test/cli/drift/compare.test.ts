import { describe, expect, it } from "vitest";
import { classify } from "../../../cli/drift/classify/index.ts";
import { compare } from "../../../cli/drift/compare.ts";
import { expectedThings } from "../../../cli/drift/expected/index.ts";
import { isDrift } from "../../../cli/drift/finding.ts";
import { merged, toFinding } from "../../../cli/drift/refresh.ts";
import { asText } from "../../../cli/drift/text.ts";
import { properties, type Thing } from "../../../live/inventory/index.ts";

const urn = (type: string, name: string) => `urn:pulumi:e::messaging::${type}::${name}`;
const resource = (type: string, name: string, inputs: Record<string, unknown>, outputs = {}) => ({
  type,
  urn: urn(type, name),
  inputs,
  outputs,
});

/** What a state says of one queue with its policy, an app, a topic and a Redis user. */
const state = [
  resource("rabbitmq:index/vHost:VHost", "v", { name: "v" }),
  resource("rabbitmq:index/exchange:Exchange", "v/events", {
    name: "events",
    vhost: "v",
    settings: { __defaults: [], type: "topic", durable: true, autoDelete: false },
  }),
  resource("rabbitmq:index/policy:Policy", "orders", {
    name: "orders",
    vhost: "v",
    policy: { pattern: "^orders$", priority: 1000, applyTo: "queues", definition: { "max-length": "5" } },
  }),
  resource("rabbitmq:index/queue:Queue", "orders", {
    name: "orders",
    vhost: "v",
    settings: { durable: true, autoDelete: false, argumentsJson: '{"x-queue-type":"quorum"}' },
  }),
  resource("rabbitmq:index/user:User", "shop", { name: "shop", password: { "4dabf18193072939515e22adb298388d": "x" } }),
  resource("kafka:index/topic:Topic", "clicks", {
    name: "clicks",
    partitions: 3,
    replicationFactor: 1,
    config: { "retention.ms": "1" },
  }),
  resource("kafka:index/userScramCredential:UserScramCredential", "shop", {
    username: "shop",
    scramMechanism: "SCRAM-SHA-512",
  }),
  resource(
    "messaging-extras:redis:User",
    "cache/shop",
    { name: "shop" },
    { effective: "on -@all +get (+xadd ~emails) (+publish &news:*)" },
  ),
  resource("messaging-extras:redis:ConsumerGroup", "cache/emails/mailer", { stream: "emails", group: "mailer" }),
  resource("aws:sqs/queue:Queue", "pay", { name: "pay.fifo", fifoQueue: true }, { url: "http://q/1/pay.fifo" }),
  resource("aws:sqs/redrivePolicy:RedrivePolicy", "pay-redrive", {
    queueUrl: "http://q/1/pay.fifo",
    redrivePolicy: '{"maxReceiveCount":3,"deadLetterTargetArn":"arn:x:pay-dlq.fifo"}',
  }),
];
const expected = expectedThings(state);
const administrators = { rabbitmq: "admin", kafka: "admin", "redis/cache": "admin" };
const thing = (broker: string, kind: string, name: string, values = {}, scope?: string): Thing => ({
  broker,
  kind,
  name,
  ...(scope && { scope }),
  properties: properties(values),
});
const strange = (stranger: Thing) => classify(stranger, { ours: expected, administrators });

describe("what should be on the brokers, by the state", () => {
  it("is told as the brokers tell it", () => {
    const found = Object.fromEntries(
      expected.map(({ broker, kind, name, ...rest }) => [`${broker} ${kind} ${name}`, rest.properties]),
    );
    expect(found).toEqual({
      "rabbitmq vhost v": {},
      "rabbitmq exchange events": { type: "topic", durable: "true", autoDelete: "false" },
      "rabbitmq policy orders": {
        pattern: "^orders$",
        priority: "1000",
        applyTo: "queues",
        definition: '{"max-length":"5"}',
      },
      "rabbitmq queue orders": {
        durable: "true",
        autoDelete: "false",
        arguments: '{"x-queue-type":"quorum"}',
        policy: "orders",
      },
      "rabbitmq user shop": {},
      "kafka topic clicks": { partitions: "3", replicationFactor: "1", "retention.ms": "1" },
      "kafka user shop": { "SCRAM-SHA-512": "4096 iterations" },
      "redis/cache user shop": { rights: "on -@all +get (+xadd ~emails) (+publish &news:*)", passwords: "1" },
      "redis/cache group emails/mailer": {},
      "sqs queue pay.fifo": {
        FifoQueue: "true",
        url: "http://q/1/pay.fifo",
        RedrivePolicy: '{"deadLetterTargetArn":"arn:x:pay-dlq.fifo","maxReceiveCount":"3"}',
      },
    });
  });

  it("does not count what was replaced and is still to be deleted", () => {
    expect(expectedThings([{ ...state[0]!, delete: true }])).toEqual([]);
  });
});

describe("comparing it with what is there", () => {
  it("finds nothing where both are the same", () => {
    expect(compare(expected, expected, strange).filter((finding) => isDrift(finding, true))).toEqual([]);
  });

  it("finds what is missing, and what changed by property", () => {
    const live = expected
      .filter(({ kind }) => kind !== "vhost")
      .map((each) =>
        each.name === "clicks"
          ? { ...each, properties: { ...each.properties, partitions: "4", "segment.ms": "9" } }
          : each,
      );
    const drifted = compare(expected, live, strange).filter((finding) => isDrift(finding, false));
    expect(drifted.map(({ status, name, changes }) => ({ status, name, changes }))).toEqual([
      { status: "missing", name: "v", changes: [] },
      {
        status: "changed",
        name: "clicks",
        changes: [
          { property: "partitions", expected: "3", found: "4" },
          { property: "segment.ms", expected: "", found: "9" },
        ],
      },
    ]);
  });

  it("tells both in a table, and that there is no drift where there is none", () => {
    const live = [...expected.slice(1), thing("rabbitmq", "policy", "x", { pattern: ".*", priority: "0" }, "v")];
    expect(asText(compare(expected, live, strange), false)).toMatchInlineSnapshot(`
      "STATUS   BROKER    KIND    NAME  WHAT
      missing  rabbitmq  vhost   v
      orphan   rabbitmq  policy  v: x  it applies to our exchange events

      drift: 9 managed, 0 foreign, 1 orphan, 0 changed, 1 missing"
    `);
    expect(asText([], false)).toBe("no drift: 0 managed, 0 foreign, 0 orphan, 0 changed, 0 missing");
  });
});

describe("what the state does not have", () => {
  const policy = (values: object, kind = "policy") =>
    thing("rabbitmq", kind, "p", { pattern: "^orders$", applyTo: "queues", ...values }, "v");
  const acl = (values: object) =>
    thing("kafka", "acl", "a", {
      principal: "User:x",
      resourceType: "Topic",
      resourceName: "other",
      patternType: "Literal",
      ...values,
    });
  const user = (rights: string) => thing("redis/cache", "user", "x", { rights, passwords: 1 });

  it.each<[string, Thing]>([
    ["a policy of higher priority", policy({ priority: 2000 })],
    ["a policy of the same priority", policy({ priority: 1000 })],
    ["an operator policy of any priority", policy({ priority: 0 }, "operator policy")],
    ["a binding into our queue", thing("rabbitmq", "binding", "b", { source: "x", destination: "orders" }, "v")],
    ["a binding from our exchange", thing("rabbitmq", "binding", "b", { source: "events", destination: "x" }, "v")],
    ["rights in our vhost", thing("rabbitmq", "permission", "x", { read: ".*" }, "v")],
    ["rights of our app elsewhere", thing("rabbitmq", "permission", "shop", { read: ".*" }, "w")],
    [
      "a topic that our app may no longer write, and reads all of",
      thing("rabbitmq", "topic permission", "shop on events", { write: "(?!)", read: ".*" }, "v"),
    ],
    ["a shovel of our queue", thing("rabbitmq", "parameter", "shovel s", { uses: "orders, x" }, "v")],
    ["a limit of our vhost", thing("rabbitmq", "limit", "max-queues", { most: 1 }, "v")],
    ["a queue of a name that only ours have", thing("rabbitmq", "queue", "messaging.retry.1ms", {}, "v")],
    ["a queue of the name of our dead letters", thing("rabbitmq", "queue", "orders.dlq", {}, "v")],
    ["a retry topic", thing("kafka", "topic", "clicks.gone.retry.1000")],
    ["a dead-letter topic", thing("kafka", "topic", "clicks.gone.dlt")],
    ["an ACL of our app", acl({ principal: "User:shop" })],
    ["an ACL for our topic", acl({ resourceName: "clicks" })],
    ["an ACL whose prefix meets our topic", acl({ resourceName: "cl", patternType: "Prefixed" })],
    ["an ACL for all topics", acl({ resourceName: "*" })],
    ["a quota of our app with a client", thing("kafka", "quota", "client-id c, user shop")],
    ["a quota for everybody", thing("kafka", "quota", "user <default>")],
    [
      "a queue whose dead letters come into ours",
      thing("sqs", "queue", "x.fifo", { RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:r:1:pay.fifo"}' }),
    ],
    ["a user that reaches our stream", user("on +@all ~em*")],
    ["a user that reaches our channels", user("on +publish &news:today")],
    ["a group of our stream", thing("redis/cache", "group", "emails/theirs")],
    ["a stream of the name of our dead letters", thing("redis/cache", "stream", "emails.gone.dlq")],
  ])("is an orphan: %s", (_, stranger) => {
    expect(strange(stranger).status).toBe("orphan");
  });

  it.each<[string, Thing]>([
    ["a policy of lower priority", policy({ priority: 5 })],
    ["a policy of another vhost", { ...policy({ priority: 2000 }), scope: "w" }],
    ["a policy for other queues", policy({ priority: 2000, pattern: "^x$" })],
    ["a policy for classic queues", policy({ priority: 2000, applyTo: "classic_queues" })],
    ["a vhost", thing("rabbitmq", "vhost", "w")],
    ["a queue of its own", thing("rabbitmq", "queue", "theirs", {}, "v")],
    ["rights in another vhost", thing("rabbitmq", "permission", "x", { read: ".*" }, "w")],
    ["a user", thing("rabbitmq", "user", "x", { tags: "administrator" })],
    ["a topic", thing("kafka", "topic", "clicksother.retry.1")],
    ["an ACL for another topic", acl({})],
    ["a queue", thing("sqs", "queue", "x.fifo")],
    ["a user that is off", user("off +@all ~* &*")],
    ["a user of other keys", user("on +@all ~carts:* &other:*")],
  ])("is foreign: %s", (_, stranger) => {
    expect(strange(stranger).status).toBe("foreign");
  });

  it.each<[string, Thing]>([
    ["the administrator of RabbitMQ", thing("rabbitmq", "user", "admin")],
    ["its rights", thing("rabbitmq", "permission", "admin", { read: ".*" }, "v")],
    [
      "an entry that allows our app nothing",
      thing("rabbitmq", "topic permission", "shop on events", { write: "(?!)", read: "(?!)" }, "v"),
    ],
    ["the administrator of Kafka", thing("kafka", "user", "admin")],
    ["the administrator of Redis", { ...user("on ~* &* +@all"), name: "admin" }],
    ["our stream", thing("redis/cache", "stream", "emails")],
    ["our dead letters", thing("redis/cache", "stream", "emails.mailer.dlq")],
  ])("is ours: %s", (_, stranger) => {
    expect(strange(stranger).status).toBe("managed");
  });
});

describe("what the providers find", () => {
  const step = {
    op: "update",
    urn: urn("messaging:local:BrokerContainer$docker:index/container:Container", "rabbitmq"),
    oldState: { outputs: { ports: [{ external: 1 }], envs: ["a"] } },
    newState: { outputs: { ports: [{ external: 2 }], envs: ["a"] } },
    detailedDiff: { "ports[0].external": {} },
  };

  it("is told by resource and property", () => {
    expect(toFinding(step)).toEqual([
      {
        status: "changed",
        broker: "docker",
        kind: "container",
        name: "rabbitmq",
        urn: step.urn,
        changes: [{ property: "ports[0].external", expected: "1", found: "2" }],
      },
    ]);
    expect(toFinding({ ...step, op: "delete" })).toMatchObject([{ status: "missing" }]);
    expect(toFinding({ ...step, op: "refresh" })).toEqual([]);
  });

  it("never shows a secret", () => {
    const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", plaintext: '"hidden"' };
    const [finding] = toFinding({
      ...step,
      oldState: { outputs: { password: secret } },
      newState: { outputs: { password: "[secret]" } },
      detailedDiff: { password: {} },
    });
    expect(JSON.stringify(finding)).not.toContain("hidden");
  });

  it("says nothing again that the inventory said, and adds what only they see", () => {
    const [seen] = toFinding(step);
    const managed = { ...seen!, status: "managed" as const, changes: [] };
    expect(merged([{ ...managed, status: "missing" }], [seen!])).toEqual([{ ...managed, status: "missing" }]);
    expect(merged([managed], [seen!])).toEqual([seen]);
    expect(merged([], [seen!])).toEqual([seen]);
  });
});
