import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { linesOf, type Refusal } from "./refusals.ts";

const good = parse(
  "{ name: shop, version: 2.0.0, apps: { a: {}, b: {} }, kafka: { topics: { t: { producers: [a] } } } }",
);

const refusals: Refusal[] = [
  [
    "a topic has at least one partition",
    "kafka: { topics: { t: { partitions: 0 } } }",
    ["kafka.topics.t.partitions: must be a whole number from 1 to 10000, got 0"],
  ],
  [
    "a topic has at most as many partitions as one request may make",
    "kafka: { topics: { t: { partitions: 10001 } } }",
    ["kafka.topics.t.partitions: must be a whole number from 1 to 10000, got 10001"],
  ],
  [
    "partitions are whole",
    "kafka: { topics: { t: { partitions: 1.5 } } }",
    ["kafka.topics.t.partitions: must be a whole number from 1 to 10000, got 1.5"],
  ],
  [
    "a replication factor is at least 1",
    "kafka: { topics: { t: { replicationFactor: 0 } } }",
    ["kafka.topics.t.replicationFactor: must be a whole number from 1 to 32767, got 0"],
  ],
  [
    "a replication factor fits into 16 bits",
    "kafka: { topics: { t: { replicationFactor: 32768 } } }",
    ["kafka.topics.t.replicationFactor: must be a whole number from 1 to 32767, got 32768"],
  ],
  [
    "a retention is a duration or forever",
    "kafka: { topics: { t: { retention: for ever } } }",
    [
      'kafka.topics.t.retention: must be a duration (a whole number and ms, s, m, h or d) from 1s to 36500d, or forever, got "for ever"',
    ],
  ],
  [
    "a retention is not 0",
    "kafka: { topics: { t: { retention: 0ms } } }",
    [
      'kafka.topics.t.retention: must be a duration (a whole number and ms, s, m, h or d) from 1s to 36500d, or forever, got "0ms"',
    ],
  ],
  [
    "a dead letter's retention is one too",
    "kafka: { topics: { t: { deadLetter: { retention: 1 week } } } }",
    [
      'kafka.topics.t.deadLetter.retention: must be a duration (a whole number and ms, s, m, h or d) from 1s to 36500d, or forever, got "1 week"',
    ],
  ],
  [
    "what records are keyed by is said in words",
    "kafka: { topics: { t: { key: '' } } }",
    ['kafka.topics.t.key: must say what records are keyed by, got ""'],
  ],
  [
    "a repartition is acknowledged by a number of partitions",
    "kafka: { topics: { t: { key: user id, acknowledgeRepartition: true } } }",
    ["kafka.topics.t.acknowledgeRepartition: must be a whole number from 1 to 10000, got true"],
  ],
  [
    "a repartition is acknowledged where records have a key",
    "kafka: { topics: { t: { acknowledgeRepartition: 6 } } }",
    [
      "kafka.topics.t.acknowledgeRepartition: must be of a topic with a key: without one, partitions may grow as they are, got 6",
    ],
  ],
  [
    "a topic has known keys only",
    "kafka: { topics: { t: { partition: 3 } } }",
    ['kafka.topics.t.partition: must be a known key, got "partition" (did you mean partitions?)'],
  ],
  [
    "a retry belongs to a consumer group",
    "kafka: { topics: { t: { retry: { maxAttempts: 2 } } } }",
    ["kafka.topics.t.retry: must be set for a consumer group of the topic, got a map"],
  ],
  [
    "a setting has a key of Kafka's kind",
    "kafka: { topics: { t: { config: { compressionType: zstd } } } }",
    [
      'kafka.topics.t.config.compressionType: must be a Kafka topic setting such as compression.type, got "compressionType"',
    ],
  ],
  [
    "a setting is a scalar",
    "kafka: { topics: { t: { config: { compression.type: [zstd] } } } }",
    ['kafka.topics.t.config["compression.type"]: must be a string, a number or true or false, got a list'],
  ],
  [
    "retention.ms is the topic's retention",
    "kafka: { topics: { t: { config: { retention.ms: 1000 } } } }",
    ['kafka.topics.t.config["retention.ms"]: must not be set here, but as retention of the topic, got 1000'],
  ],
  [
    "replication.factor is the topic's replicationFactor",
    "kafka: { topics: { t: { config: { replication.factor: 2, default.replication.factor: 2 } } } }",
    [
      'kafka.topics.t.config["replication.factor"]: must not be set here, but as replicationFactor of the topic, got 2',
      'kafka.topics.t.config["default.replication.factor"]: must not be set here, but as replicationFactor of the topic, got 2',
    ],
  ],
  [
    "num.partitions is the topic's partitions",
    "kafka: { topics: { t: { config: { num.partitions: 2 } } } }",
    ['kafka.topics.t.config["num.partitions"]: must not be set here, but as partitions of the topic, got 2'],
  ],
  [
    "an unclean election is never allowed",
    "kafka: { topics: { t: { config: { unclean.leader.election.enable: true } } } }",
    [
      'kafka.topics.t.config["unclean.leader.election.enable"]: must be false, as an unclean election loses acknowledged messages, got true',
    ],
  ],
  [
    "min.insync.replicas is at most the replication factor",
    "kafka: { topics: { t: { replicationFactor: 2, config: { min.insync.replicas: 3 } } } }",
    ['kafka.topics.t.config["min.insync.replicas"]: must be a whole number from 1 to replicationFactor (2), got 3'],
  ],
  [
    "min.insync.replicas is at least 1",
    'kafka: { topics: { t: { config: { min.insync.replicas: "0" } } } }',
    ['kafka.topics.t.config["min.insync.replicas"]: must be a whole number from 1 to replicationFactor (3), got "0"'],
  ],
  [
    "min.insync.replicas is a number",
    "kafka: { topics: { t: { config: { min.insync.replicas: all } } } }",
    ['kafka.topics.t.config["min.insync.replicas"]: must be a whole number from 1 to replicationFactor (3), got "all"'],
  ],
  [
    "nothing is said of min.insync.replicas while the replication factor is wrong",
    "kafka: { topics: { t: { replicationFactor: many, config: { min.insync.replicas: 3 } } } }",
    ['kafka.topics.t.replicationFactor: must be a whole number from 1 to 32767, got "many"'],
  ],
  [
    "max.message.bytes is a number that leaves room for a dead letter's headers",
    "kafka: { topics: { t: { config: { max.message.bytes: 2147483647 } } } }",
    [
      'kafka.topics.t.config["max.message.bytes"]: must be a whole number of bytes from 1 to 2147418111, got 2147483647',
    ],
  ],
  [
    "a consumer group has an app",
    "kafka: { topics: { t: { consumers: { g: {} } } } }",
    ["kafka.topics.t.consumers.g.app: must be the name of an app, got nothing"],
  ],
  [
    "a consumer group begins at one of two ends",
    "kafka: { topics: { t: { consumers: { g: { app: a, autoOffsetReset: erliest } } } } }",
    [
      'kafka.topics.t.consumers.g.autoOffsetReset: must be one of earliest, latest, got "erliest" (did you mean earliest?)',
    ],
  ],
  [
    "a consumer group's name is made of a topic's characters",
    'kafka: { topics: { t: { consumers: { "g:1": { app: a } } } } }',
    ['kafka.topics.t.consumers["g:1"]: must be made of letters, digits, dots, _ and - only, got "g:1"'],
  ],
  [
    "a consumer group belongs to one app on all topics",
    "kafka: { topics: { t: { consumers: { g: { app: a } } }, u: { consumers: { g: { app: b } } } } }",
    ['kafka.topics.u.consumers.g.app: must be "a", whose group this is on topic t, got "b"'],
  ],
  [
    "a quota is of an app that uses the topic",
    "kafka: { topics: { t: { quotas: { b: { producerByteRate: 1 } } } } }",
    ['kafka.topics.t.quotas.b: must be of an app that produces or consumes the topic, got "b"'],
  ],
  [
    "a quota sets a limit",
    "kafka: { topics: { t: { quotas: { a: {} } } } }",
    ["kafka.topics.t.quotas.a: must set at least one limit, got none"],
  ],
  [
    "a rate is whole and above 0",
    "kafka: { topics: { t: { quotas: { a: { producerByteRate: 0.5, consumerByteRate: 0 } } } } }",
    [
      "kafka.topics.t.quotas.a.producerByteRate: must be a whole number, 1 or more, got 0.5",
      "kafka.topics.t.quotas.a.consumerByteRate: must be a whole number, 1 or more, got 0",
    ],
  ],
  [
    "a share is a number above 0",
    "kafka: { topics: { t: { quotas: { a: { requestPercentage: 0, controllerMutationRate: x } } } } }",
    [
      "kafka.topics.t.quotas.a.requestPercentage: must be a number above 0, got 0",
      'kafka.topics.t.quotas.a.controllerMutationRate: must be a number above 0, got "x"',
    ],
  ],
  [
    "an app's quota is the same on all topics",
    "kafka: { topics: { t: { quotas: { a: { producerByteRate: 1 } } }, u: { producers: [a], quotas: { a: { producerByteRate: 2 } } } } }",
    [
      "kafka.topics.u.quotas.a.producerByteRate: must be 1 as on topic t, as Kafka counts for the user over all topics, got 2",
    ],
  ],
  [
    "a topic's name is not empty",
    'kafka: { topics: { "": {} } }',
    ['kafka.topics[""]: must be made of letters, digits, dots, _ and - only, got ""'],
  ],
  [
    "a topic's name is made of Kafka's characters",
    'kafka: { topics: { "user events": {} } }',
    ['kafka.topics["user events"]: must be made of letters, digits, dots, _ and - only, got "user events"'],
  ],
  ["a topic's name is not .", 'kafka: { topics: { ".": {} } }', ['kafka.topics["."]: must not be . or .., got "."']],
  [
    "a topic's name is not ..",
    'kafka: { topics: { "..": {} } }',
    ['kafka.topics[".."]: must not be . or .., got ".."'],
  ],
  [
    "a topic's name does not begin with -",
    'kafka: { topics: { "-t": {} } }',
    ['kafka.topics.-t: must not begin with -, got "-t"'],
  ],
  [
    "a topic's name is not one of Kafka's own",
    'kafka: { topics: { "__consumer_offsets": {} } }',
    ['kafka.topics.__consumer_offsets: must not begin with __ (reserved by Kafka), got "__consumer_offsets"'],
  ],
  [
    "a topic's name has at most 249 characters",
    'kafka: { topics: { "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx": {} } }',
    [
      'kafka.topics.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: must be at most 249 bytes long, got "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…"',
    ],
  ],
  [
    "a topic is not named as every object's members are",
    'kafka: { topics: { "hasOwnProperty": {} } }',
    ['kafka.topics.hasOwnProperty: must not be a name that every JavaScript object has, got "hasOwnProperty"'],
  ],
  [
    "a dead-letter topic's name fits too, and so does a retry topic's",
    "kafka: { topics: { xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx: { consumers: { group: { app: a, retry: { maxAttempts: 2 } } } } } }",
    [
      "kafka.topics.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.consumers.group: must make a dead-letter topic of at most 249 characters, got 250 characters",
      "kafka.topics.xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx.consumers.group: must make a retry topic of at most 249 characters, got 257 characters",
    ],
  ],
  [
    "topics do not differ in . and _ alone",
    "kafka: { topics: { a.b: {}, a_b: { consumers: { g: { app: a } } } } }",
    [
      'kafka.topics.a_b: must make a topic that Kafka can tell from the topic a.b of kafka.topics["a.b"] (. and _ are alike to it), got "a_b"',
    ],
  ],
  [
    "topics alike are said to be so once, not of all that derives from them",
    "kafka: { topics: { a.b: { consumers: { g: { app: a } } }, a_b: { consumers: { g: { app: a } } } } }",
    [
      'kafka.topics.a_b: must make a topic that Kafka can tell from the topic a.b of kafka.topics["a.b"] (. and _ are alike to it), got "a_b"',
    ],
  ],
  [
    "a topic is not named as another's dead-letter topic",
    "kafka: { topics: { t: { consumers: { g: { app: a } } }, t.g.dlt: {} } }",
    [
      'kafka.topics["t.g.dlt"]: must make a topic that Kafka can tell from the dead-letter topic t.g.dlt of kafka.topics.t.consumers.g (. and _ are alike to it), got "t.g.dlt"',
    ],
  ],
  [
    "a topic is not named as another's retry topic",
    "kafka: { topics: { t: { consumers: { g: { app: a } } }, t.g_retry.1000: {} } }",
    [
      'kafka.topics["t.g_retry.1000"]: must make a topic that Kafka can tell from the retry topic t.g.retry.1000 of kafka.topics.t.consumers.g (. and _ are alike to it), got "t.g_retry.1000"',
    ],
  ],
  [
    "a topic may be named as the retry topic that an ordered group has not",
    "kafka: { topics: { t: { consumers: { g: { app: a, ordered: true } } }, t.g.retry.1000: {} } }",
    [],
  ],
  [
    "an ordered group's retry topic is not too long, as there is none",
    `kafka: { topics: { ${"x".repeat(239)}: { consumers: { group: { app: a, ordered: true } } } } }`,
    [],
  ],
  [
    "whether a group is ordered is true or false",
    "kafka: { topics: { t: { consumers: { g: { app: a, ordered: strictly } } } } }",
    ['kafka.topics.t.consumers.g.ordered: must be true or false, got "strictly"'],
  ],
  [
    "two dead-letter topics are not alike",
    "kafka: { topics: { t: { consumers: { u.g: { app: a, retry: { maxAttempts: 1 } } } }, t.u: { consumers: { g: { app: b, retry: { maxAttempts: 1 } } } } } }",
    [
      'kafka.topics["t.u"].consumers.g: must make a dead-letter topic that Kafka can tell from the dead-letter topic t.u.g.dlt of kafka.topics.t.consumers["u.g"] (. and _ are alike to it), got "t.u.g.dlt"',
    ],
  ],
];

describe("Kafka", () => {
  it("has a good skill to start from", () => {
    expect(linesOf(good)).toEqual([]);
  });

  it.each(refusals)("%s", (_, patch, lines) => {
    expect(linesOf(good, patch)).toEqual(lines);
  });
});
