import { describe, expect, it } from "vitest";
import { type Access, driftedFindings } from "../../../cli/doctor/declared.ts";
import type { Finding as Drifted } from "../../../cli/drift/finding.ts";
import { aclName, type Thing } from "../../../live/inventory/index.ts";

const access = {
  rabbitmq: { vhost: "orders", username: "admin", managementUrl: "https://broker:15671" },
  kafka: {
    bootstrapServers: ["a:9092", "b:9092"],
    deadLetters: [{ topic: "t", groupId: "g", deadLetterTopic: "t.g.dlt" }],
  },
  sqs: {
    deadLetters: [{ flow: "sqs/pay", queueUrl: "http://s/1/pay.fifo", deadLetterQueueUrl: "http://s/1/pay-dlq.fifo" }],
  },
} as Access;

const said = (...drifted: (Pick<Drifted, "kind" | "name"> & Partial<Drifted>)[]) =>
  driftedFindings(drifted.map((one) => ({ broker: "kafka", status: "missing", changes: [], ...one }))).map(
    ({ trouble, place, found }) => `${trouble}: ${place}: ${found}`,
  );
const topic = (property: string, expected: string, found: string) =>
  said({ kind: "topic", name: "t.g.dlt", status: "changed", changes: [{ property, expected, found }] });
const acl = (what: string) => ({ kind: "acl", name: `User:shop may ${what}` });

it("Rights that an app has not are told once for its user", () => {
  expect(said(acl("Write Topic a"))).toEqual([
    "refused: kafka user shop: acl User:shop may Write Topic a is not there",
  ]);
  expect(said(acl("Write Topic a"), acl("Write Topic b"), acl("Read Topic c"), acl("Read Group d"))).toEqual([
    "refused: kafka user shop: acl User:shop may Write Topic a is not there; acl User:shop may Write Topic b is not there; acl User:shop may Read Topic c is not there; and 1 more",
  ]);
  expect(
    said(
      { broker: "rabbitmq", kind: "permission", name: "shop" },
      {
        broker: "rabbitmq",
        kind: "topic permission",
        name: "shop on events",
        status: "changed",
        changes: [{ property: "write", expected: "^orders", found: "^$" }],
      },
      { broker: "rabbitmq", kind: "user", name: "billing" },
    ),
  ).toEqual([
    'refused: rabbitmq user shop: permission shop is not there; topic permission shop on events: write is "^$", not "^orders"',
    "refused: rabbitmq user billing: user billing is not there",
  ]);
});

it("A user that is kept in another way, and what is as it should be, lack nothing", () => {
  const changes = [{ property: "tags", expected: "", found: "monitoring" }];
  expect(said({ broker: "rabbitmq", kind: "user", name: "shop", status: "changed", changes })).toEqual([]);
  expect(said({ ...acl("Write Topic a"), status: "managed" }, { ...acl("Read Topic b"), status: "foreign" })).toEqual(
    [],
  );
});

it.each<[string, string, string, string[]]>([
  ["retention.ms", "1209600000", "1000", ["message loss: kafka/t.g.dlt: retention.ms is 1000, not 1209600000"]],
  ["retention.ms", "-1", "1000", ["message loss: kafka/t.g.dlt: retention.ms is 1000, not -1"]],
  ["retention.ms", "1209600000", "", ["message loss: kafka/t.g.dlt: retention.ms is 604800000, not 1209600000"]],
  ["retention.ms", "1000", "-1", []],
  ["retention.ms", "1000", "2000", []],
  ["retention.bytes", "", "1", ["message loss: kafka/t.g.dlt: retention.bytes is 1, not -1"]],
  ["cleanup.policy", "delete", "compact", ["message loss: kafka/t.g.dlt: cleanup.policy is compact, not delete"]],
  [
    "cleanup.policy",
    "",
    "compact,delete",
    ["message loss: kafka/t.g.dlt: cleanup.policy is compact,delete, not delete"],
  ],
  ["cleanup.policy", "compact", "compact,delete", []],
  ["max.message.bytes", "1114124", "500", ["refused: kafka/t.g.dlt: max.message.bytes is 500, not 1114124"]],
  ["max.message.bytes", "", "500", ["refused: kafka/t.g.dlt: max.message.bytes is 500, not 1048588"]],
  ["max.message.bytes", "", "2000000", []],
  ["segment.ms", "", "1", ["broker: kafka/t.g.dlt: segment.ms is 1, not 604800000"]],
  ["segment.ms", "", "3600000", []],
  ["segment.bytes", "", "1048576", ["refused: kafka/t.g.dlt: segment.bytes is 1048576, not 1073741824"]],
  ["segment.bytes", "", "104857600", []],
  [
    "message.timestamp.before.max.ms",
    "",
    "1",
    ["refused: kafka/t.g.dlt: message.timestamp.before.max.ms is 1, not 9223372036854775807"],
  ],
  [
    "message.timestamp.after.max.ms",
    "",
    "1",
    ["refused: kafka/t.g.dlt: message.timestamp.after.max.ms is 1, not 3600000"],
  ],
  ["message.timestamp.after.max.ms", "", "9223372036854775807", []],
  [
    "message.timestamp.difference.max.ms",
    "",
    "1",
    ["refused: kafka/t.g.dlt: message.timestamp.difference.max.ms is 1, not 9223372036854775807"],
  ],
  ["compression.type", "zstd", "uncompressed", ["refused: kafka/t.g.dlt: compression.type is uncompressed, not zstd"]],
  ["compression.type", "zstd", "lz4", []],
  ["min.insync.replicas", "2", "1", ["message loss: kafka/t.g.dlt: min.insync.replicas is 1, not 2"]],
  ["min.insync.replicas", "2", "", ["message loss: kafka/t.g.dlt: min.insync.replicas is 1, not 2"]],
  ["min.insync.replicas", "1", "2", []],
  ["replicationFactor", "3", "2", ["message loss: kafka/t.g.dlt: replicationFactor is 2, not 3"]],
  ["replicationFactor", "1", "3", []],
  [
    "unclean.leader.election.enable",
    "false",
    "true",
    ["message loss: kafka/t.g.dlt: unclean.leader.election.enable is true, not false"],
  ],
  ["unclean.leader.election.enable", "false", "", []],
  ["flush.messages", "1", "1000", ["message loss: kafka/t.g.dlt: flush.messages is 1000, not 1"]],
  ["flush.ms", "", "1000", []],
  [
    "message.timestamp.type",
    "LogAppendTime",
    "CreateTime",
    ["message loss: kafka/t.g.dlt: message.timestamp.type is CreateTime, not LogAppendTime"],
  ],
  ["message.timestamp.type", "", "LogAppendTime", []],
  ["message.timestamp.type", "", "CreateTime", []],
  ["delete.retention.ms", "172800000", "0", ["message loss: kafka/t.g.dlt: delete.retention.ms is 0, not 172800000"]],
  ["delete.retention.ms", "", "0", []],
  ["min.compaction.lag.ms", "3600000", "0", ["message loss: kafka/t.g.dlt: min.compaction.lag.ms is 0, not 3600000"]],
  ["remote.storage.enable", "true", "false", ["message loss: kafka/t.g.dlt: remote.storage.enable is false, not true"]],
  ["remote.storage.enable", "", "true", []],
  ["remote.storage.enable", "", "false", []],
  ["partitions", "2", "4", ["broker: kafka/t.g.dlt: partitions is 4, not 2"]],
  ["max.compaction.lag.ms", "", "1", []],
  ["local.retention.ms", "", "1", []],
])("A topic's %s that should be %j and is %j finds %j", (property, expected, found, findings) => {
  expect(topic(property, expected, found)).toEqual(findings);
});

const partitionsFix = (name: string) => {
  const changes = [{ property: "partitions", expected: "2", found: "4" }];
  return driftedFindings([{ broker: "kafka", kind: "topic", name, status: "changed", changes }], access)[0]!.fix;
};

it.each(["t", "t.h.dlt"])("Partitions that %s got are declared, as Kafka takes none away", (name) => {
  expect(partitionsFix(name)).toBe(
    `A key's next records may go to another partition, and be handled before those that were written until now. As that is done, say partitions: 4 below kafka.topics.${name} in skill.yaml, and acknowledgeRepartition: 4 where it has a key, then npx pulumi up --refresh. Nothing is lost meanwhile.`,
  );
});

it.each(["t.g.dlt", "t.g.retry.1000"])("A topic for what failed that got partitions is made again: %s", (name) => {
  expect(partitionsFix(name)).toBe(
    `It does no harm by itself. Once nothing waits in it, stop the consumers of g, delete it, kafka-topics.sh --bootstrap-server a:9092,b:9092 --command-config admin.properties --delete --topic ${name} (admin.properties has the administrator's login, see docs/on-call.md), have it made again, npx pulumi up --refresh, and start them. Or say partitions: 4 below kafka.topics.t in skill.yaml, and acknowledgeRepartition: 4 where it has a key, then npx pulumi up --refresh: that gives t as many, where a key's next records go to another partition, too. Nothing is lost meanwhile.`,
  );
});

it("A setting that the skill declares is put back by an up, another is deleted by hand, as an up refuses to", () => {
  const fixOf = (expected: string) => {
    const changes = [{ property: "max.message.bytes", expected, found: "500" }];
    return driftedFindings([{ broker: "kafka", kind: "topic", name: "t", status: "changed", changes }], access)[0]!.fix;
  };
  expect(fixOf("1114124")).toMatchInlineSnapshot(
    `"Put it back: npx pulumi up --refresh. What was deleted or refused must be sent again."`,
  );
  expect(fixOf("")).toMatchInlineSnapshot(
    `"Delete it, as the skill does not declare it and npx pulumi up refuses to change the topic meanwhile: kafka-configs.sh --bootstrap-server a:9092,b:9092 --command-config admin.properties --alter --entity-type topics --entity-name t --delete-config max.message.bytes (admin.properties has the administrator's login, see docs/on-call.md). What was deleted or refused must be sent again."`,
  );
});

const changed = (broker: string, kind: string, name: string, property: string, expected: string, found: string) =>
  driftedFindings([{ broker, kind, name, status: "changed", changes: [{ property, expected, found }] }], access).map(
    ({ trouble, place, found: what }) => `${trouble}: ${place}: ${what}`,
  );

const statement = (Effect: string, Sid?: string) => ({ Effect, ...(Sid && { Sid }) });
const policy = (...Statement: object[]) => JSON.stringify({ Statement });
const ours = [statement("Deny", "DenyWithoutTls"), statement("Allow", "AllowProducers")];
const redrive = (queue: string, maxReceiveCount: string) =>
  JSON.stringify({ deadLetterTargetArn: `arn:aws:sqs:r:1:${queue}`, maxReceiveCount });
const takes = (...sourceQueueArns: string[]) => JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns });

it.each<[string, string, string, string, string[]]>([
  [
    "pay.fifo",
    "MessageRetentionPeriod",
    "345600",
    "60",
    ["message loss: pay.fifo: MessageRetentionPeriod is 60, not 345600"],
  ],
  [
    "pay-dlq.fifo",
    "MessageRetentionPeriod",
    "1209600",
    "60",
    ["message loss: pay-dlq.fifo: MessageRetentionPeriod is 60, not 1209600"],
  ],
  ["pay.fifo", "MessageRetentionPeriod", "60", "345600", []],
  ["pay.fifo", "VisibilityTimeout", "30", "43200", ["lag: pay.fifo: VisibilityTimeout is 43200, not 30"]],
  ["pay.fifo", "VisibilityTimeout", "30", "5", ["duplicates: pay.fifo: VisibilityTimeout is 5, not 30"]],
  ["pay.fifo", "VisibilityTimeout", "30", "0", []],
  ["pay.fifo", "DelaySeconds", "0", "900", ["lag: pay.fifo: DelaySeconds is 900, not 0"]],
  ["pay.fifo", "MaximumMessageSize", "262144", "1024", ["refused: pay.fifo: MaximumMessageSize is 1024, not 262144"]],
  [
    "pay.fifo",
    "ContentBasedDeduplication",
    "true",
    "false",
    ["refused: pay.fifo: ContentBasedDeduplication is false, not true"],
  ],
  ["pay.fifo", "ContentBasedDeduplication", "false", "true", []],
  ["pay.fifo", "KmsMasterKeyId", "", "k", ["refused: pay.fifo: KmsMasterKeyId is k, not SQS's own"]],
  ["pay.fifo", "KmsMasterKeyId", "k", "", []],
  ["pay.fifo", "ReceiveMessageWaitTimeSeconds", "20", "0", []],
  [
    "pay.fifo",
    "RedrivePolicy",
    redrive("pay-dlq.fifo", "3"),
    redrive("other.fifo", "1"),
    [
      "message loss: pay.fifo: what fails goes to other.fifo, not to pay-dlq.fifo, and it is given up after 1 of 3 deliveries",
    ],
  ],
  [
    "pay.fifo",
    "RedrivePolicy",
    redrive("pay-dlq.fifo", "3"),
    redrive("pay-dlq.fifo", "5"),
    ["lag: pay.fifo: what fails is given up only after 5 deliveries, not 3"],
  ],
  ["pay.fifo", "RedrivePolicy", redrive("pay-dlq.fifo", "3"), "", []],
  [
    "pay-dlq.fifo",
    "RedriveAllowPolicy",
    takes("arn:aws:sqs:r:1:pay.fifo"),
    JSON.stringify({ redrivePermission: "denyAll" }),
    ["message loss: pay-dlq.fifo: it takes no dead letters from pay.fifo"],
  ],
  [
    "pay-dlq.fifo",
    "RedriveAllowPolicy",
    takes("arn:aws:sqs:r:1:pay.fifo"),
    takes("arn:aws:sqs:r:1:other.fifo"),
    ["message loss: pay-dlq.fifo: it takes no dead letters from pay.fifo"],
  ],
  ["pay-dlq.fifo", "RedriveAllowPolicy", takes("arn:aws:sqs:r:1:pay.fifo"), takes("x", "arn:aws:sqs:r:1:pay.fifo"), []],
  ["pay-dlq.fifo", "RedriveAllowPolicy", takes("arn:aws:sqs:r:1:pay.fifo"), "", []],
  ["pay.fifo", "Policy", policy(...ours), "", ["refused: pay.fifo: it has no policy"]],
  [
    "pay.fifo",
    "Policy",
    policy(...ours),
    policy(statement("Deny")),
    ["refused: pay.fifo: its policy has no AllowProducers of ours, and its policy denies by a statement without a Sid"],
  ],
  ["pay.fifo", "Policy", policy(...ours), policy(...ours, statement("Allow", "More")), []],
])("An SQS queue %s whose %s should be %j and is %j finds %j", (queue, property, expected, found, findings) => {
  expect(changed("sqs", "queue", queue, property, expected, found)).toEqual(
    findings.map((finding) => finding.replace(": pay", ": sqs/pay: pay")),
  );
});

it("An SQS queue where poison blocks is named as in the skill", () => {
  expect(changed("sqs", "queue", "strict.fifo", "VisibilityTimeout", "30", "900")).toEqual([
    "lag: sqs/strict: strict.fifo: VisibilityTimeout is 900, not 30",
  ]);
});

it("An SQS queue that is not there is told, also where poison blocks; of a dead-letter queue its dead letters tell", () => {
  const missing = (name: string): Drifted => ({ broker: "sqs", kind: "queue", name, status: "missing", changes: [] });
  expect(
    driftedFindings(["strict.fifo", "pay.fifo", "pay-dlq.fifo"].map(missing), access).map(
      ({ trouble, place, found }) => `${trouble}: ${place}: ${found}`,
    ),
  ).toEqual([
    "message loss: sqs/strict: the queue is not on the broker",
    "message loss: sqs/pay: the queue is not on the broker",
  ]);
});

it.each<[string, string, string, string[]]>([
  ["appendfsync", "everysec", "no", ["message loss: redis/n: appendfsync is no, not everysec"]],
  ["appendfsync", "everysec", "always", []],
  ["maxmemory", "268435456", "0", ["message loss: redis/n: maxmemory is 0, not 268435456"]],
  ["maxmemory", "268435456", "536870912", []],
])("Redis whose %s should be %j and is %j finds %j", (property, expected, found, findings) => {
  expect(changed("redis/n", "settings", "settings", property, expected, found)).toEqual(findings);
});

it.each<[string, string, string[]]>([
  [
    "on +get +set (~emails +xadd)",
    "on",
    ["refused: redis/n user shop: user shop lacks +get, +set, ~emails, and 1 more"],
  ],
  ["on +get (~emails +xadd)", "off +get (~emails +xadd)", ["refused: redis/n user shop: user shop is off"]],
  ["on -@all +get (~emails +xadd)", "on ~* &* +@all", []],
  [
    "on (~a +xadd) (~b +xadd +xlen)",
    "on (~a +xlen) (~b +xadd)",
    ["refused: redis/n user shop: user shop lacks +xadd, +xlen"],
  ],
  ["on (%R~a:* +xinfo|groups) (&news +publish)", "on (~a:* +xinfo) (&* +publish +get)", []],
])("A Redis user whose rights should be %j and are %j finds %j", (expected, found, findings) => {
  expect(changed("redis/n", "user", "shop", "rights", expected, found)).toEqual(findings);
});

it("A Redis user that was deleted lacks its rights", () => {
  expect(said({ broker: "redis/n", kind: "user", name: "shop" })).toEqual([
    "refused: redis/n user shop: user shop is not there",
  ]);
});

const login = { property: "login", expected: "accepted, with the environment's password", found: "refused" };

it("A user whose password was changed is created again, by what its broker needs for that", () => {
  const user = (broker: string) => ({
    broker,
    kind: "user",
    name: "shop",
    status: "changed" as const,
    changes: [login],
  });
  const kept: Thing = {
    broker: "kafka",
    kind: "user",
    name: "shop",
    properties: { "SCRAM-SHA-512": "4096 iterations" },
  };
  const findings = driftedFindings([user("rabbitmq"), user("kafka"), user("redis/n")], access, [kept]);
  expect(findings.map(({ place, found, fix }) => `${place}: ${found}: ${fix}`)).toEqual([
    "rabbitmq user shop: its login is refused with the environment's password: Delete the user, rabbitmqctl delete_user shop, and have it made again with all its rights: npx pulumi up --refresh. Where it was changed because it had leaked, rotate it then: docs/rotation.md.",
    "kafka user shop: its login is refused with the environment's password: Delete the user, kafka-configs.sh --bootstrap-server a:9092,b:9092 --command-config admin.properties --alter --entity-type users --entity-name shop --delete-config SCRAM-SHA-512 (admin.properties has the administrator's login, see docs/on-call.md), and have it made again with all its rights: npx pulumi up --refresh. Where it was changed because it had leaked, rotate it then: docs/rotation.md.",
    "redis/n user shop: its login is refused with the environment's password: Set it again: npx pulumi up --refresh. Where it was changed because it had leaked, rotate it then: docs/rotation.md.",
  ]);
});

it("A user without its permission, or one that is off, may be refused whatever its password is", () => {
  const user = { kind: "user", name: "shop", status: "changed" as const };
  expect(
    said({ ...user, broker: "rabbitmq", changes: [login] }, { broker: "rabbitmq", kind: "permission", name: "shop" }),
  ).toEqual(["refused: rabbitmq user shop: permission shop is not there"]);
  expect(
    said({ ...user, broker: "redis/n", changes: [{ property: "rights", expected: "on", found: "off" }, login] }),
  ).toEqual(["refused: redis/n user shop: user shop is off"]);
});

describe("What somebody added on Kafka", () => {
  const added = (kind: string, name: string, reason: string, properties: Thing["properties"]) =>
    driftedFindings([{ broker: "kafka", kind, name, status: "orphan", changes: [], reason }], access, [
      { broker: "kafka", kind, name, properties },
    ]).map(({ trouble, place, found, fix }) => `${trouble}: ${place}: ${found}: ${/kafka-.*?(?= \()/.exec(fix)![0]}`);
  const parts = {
    principal: "User:shop",
    host: "*",
    permission: "Deny",
    operation: "Read",
    resourceType: "Topic",
    resourceName: "events",
    patternType: "Literal",
  };
  const denied = (more: Partial<typeof parts>, reason = "it is of our app shop") =>
    added("acl", aclName({ ...parts, ...more }), reason, { ...parts, ...more });

  it("denies our app something, by an ACL that is deleted by exactly this command", () => {
    const tool = "kafka-acls.sh --bootstrap-server a:9092,b:9092 --command-config admin.properties --remove --force";
    expect(denied({})).toEqual([
      `refused: kafka user shop: acl User:shop must not Read Topic events: ${tool} --deny-principal User:shop --deny-host '*' --operation Read --topic events`,
    ]);
    expect(denied({ resourceType: "Group", patternType: "Prefixed", host: "10.0.0.1", resourceName: "it's" })).toEqual([
      `refused: kafka user shop: acl User:shop must not Read Group it's (prefixed) from 10.0.0.1: ${tool} --deny-principal User:shop --deny-host 10.0.0.1 --operation Read --group 'it'\\''s' --resource-pattern-type prefixed`,
    ]);
    expect(denied({ principal: "User:*" }, "it is for our topic events")).toEqual([
      `refused: kafka user *: acl User:* must not Read Topic events: ${tool} --deny-principal 'User:*' --deny-host '*' --operation Read --topic events`,
    ]);
  });

  it.each([
    ["keeps a stranger out", { principal: "User:eve" }, "it is for our topic events"],
    ["denies everybody what no app does", { principal: "User:*", operation: "Delete" }, "it is for our topic events"],
    ["denies our app what it never does", { operation: "Alter" }, "it is of our app shop"],
  ])("is no trouble where it %s", (_, more, reason) => {
    expect(denied(more, reason)).toEqual([]);
  });

  it("is none of ours where it denies everybody what our apps do not use, and stops nobody where it allows", () => {
    expect(denied({ principal: "User:*" }, "it is for every user, our apps among them")).toEqual([]);
    expect(denied({ permission: "Allow" })).toEqual([]);
    expect(said({ ...acl("Read Topic a"), name: "Group:team may Read Topic a", status: "foreign" })).toEqual([]);
  });

  it("slows our app by a quota, but for one that holds for everybody", () => {
    const tool = "kafka-configs.sh --bootstrap-server a:9092,b:9092 --command-config admin.properties --alter";
    const limits = { consumer_byte_rate: "2", producer_byte_rate: "1" };
    expect(added("quota", "user shop", "it limits our app shop", limits)).toEqual([
      `lag: kafka user shop: quota user shop: consumer_byte_rate is 2, producer_byte_rate is 1: ${tool} --entity-type users --entity-name shop --delete-config consumer_byte_rate,producer_byte_rate`,
    ]);
    expect(
      added("quota", "client-id <default>, user shop", "it limits our app shop", { producer_byte_rate: "1" }),
    ).toEqual([
      `lag: kafka user shop: quota client-id <default>, user shop: producer_byte_rate is 1: ${tool} --entity-type clients --entity-default --entity-type users --entity-name shop --delete-config producer_byte_rate`,
    ]);
    expect(added("quota", "user <default>", "it is for everybody who has none of their own", limits)).toEqual([]);
  });

  it("is a lower quota than ours", () => {
    expect(changed("kafka", "quota", "user shop", "producer_byte_rate", "1048576", "5")).toEqual([
      "lag: kafka user shop: quota user shop: producer_byte_rate is 5, not 1048576",
    ]);
    expect(changed("kafka", "quota", "user shop", "producer_byte_rate", "1048576", "")).toEqual([]);
  });
});

it.each<[string, string, string, string[]]>([
  ["type", "topic", "direct", ["refused: rabbitmq/events: type is direct, not topic"]],
  ["durable", "true", "false", ["refused: rabbitmq/events: durable is false, not true"]],
  ["autoDelete", "false", "true", ["refused: rabbitmq/events: autoDelete is true, not false"]],
  ["internal", "", "true", ["refused: rabbitmq/events: internal is true, not nothing"]],
  [
    "arguments",
    "",
    '{"alternate-exchange":"x"}',
    ['message loss: rabbitmq/events: arguments is {"alternate-exchange":"x"}, not nothing'],
  ],
  ["arguments", "", '{"x-owner":"y"}', []],
  ["policy", "", "theirs", []],
])("An exchange's %s that should be %j and is %j finds %j", (property, expected, found, findings) => {
  const changes = [{ property, expected, found }];
  const drifted = { broker: "rabbitmq", kind: "exchange", scope: "orders", name: "events", changes } as const;
  const all = driftedFindings([{ ...drifted, status: "changed" }], access);
  expect(all.map(({ trouble, place, found: text }) => `${trouble}: ${place}: ${text}`)).toEqual(findings);
  for (const { fix } of all)
    expect(fix).toBe(
      "Delete it, as nothing changes an exchange in place and npx pulumi up refuses to replace it: curl -u admin -X DELETE https://broker:15671/api/exchanges/orders/events; then npx pulumi up --refresh. Deleting it takes all of its bindings, those of others too, which must make theirs again, and publishing by it is refused until the up has ended. Have the app declare no exchange, or declare it passively. What was deleted or refused must be sent again.",
    );
});

it("A policy of somebody's that leads what our exchange leads nowhere to another one is deleted by hand", () => {
  const policy = { broker: "rabbitmq", kind: "policy", scope: "orders", name: "theirs" };
  const found = (definition: string) =>
    driftedFindings(
      [{ ...policy, status: "orphan", changes: [], reason: "it applies to our exchange events" }],
      access,
      [{ ...policy, properties: { definition } }],
    ).map((one) => [one.trouble, one.place, one.found, one.fix]);
  expect(found('{"alternate-exchange":"sink"}')).toEqual([
    [
      "message loss",
      "rabbitmq policy theirs",
      "alternate-exchange is sink, and it applies to our exchange events",
      "Delete it, as npx pulumi up does not: curl -u admin -X DELETE https://broker:15671/api/policies/orders/theirs. What went there must be published again.",
    ],
  ]);
  expect(found('{"max-length":"1"}')).toEqual([]);
});
