import { describe, expect, it, vi } from "vitest";
import type { Access } from "../../../cli/doctor/declared.ts";
import type { Finding } from "../../../cli/doctor/finding.ts";
import { kafkaFindings } from "../../../cli/doctor/kafka.ts";
import { rabbitmqFindings } from "../../../cli/doctor/rabbitmq.ts";
import { redisFindings } from "../../../cli/doctor/redis.ts";
import { heldQueues, sqsFindings } from "../../../cli/doctor/sqs.ts";
import { doctorText } from "../../../cli/doctor/text.ts";
import type { GroupFigures, KafkaFigures, TopicFigures } from "../../../live/health/kafka.ts";
import type { QueueFigures, RabbitmqFigures } from "../../../live/health/rabbitmq.ts";
import type { RedisFigures } from "../../../live/health/redis.ts";
import type { SqsFigures } from "../../../live/health/sqs.ts";
import { idleQueue } from "./idleQueue.ts";

const said = (findings: readonly Finding[]) =>
  findings.map(({ trouble, place, found }) => `${trouble}: ${place}: ${found}`);

describe("RabbitMQ", () => {
  const healthy: QueueFigures = {
    ...idleQueue,
    members: ["a"],
    online: ["a"],
    policy: "orders",
    definition: {
      "dead-letter-exchange": "messaging.dead-letter",
      "dead-letter-routing-key": "orders",
      overflow: "reject-publish",
      "max-length": 100,
    },
  };
  const places = {
    vhost: "orders",
    username: "admin",
    managementUrl: "http://broker:15672",
    deadLetterExchange: "messaging.dead-letter",
    deadLetters: [{ flow: "rabbitmq/orders", queue: "orders", deadLetterQueue: "orders.dlq" }],
  };
  const deadLetters: QueueFigures = {
    ...healthy,
    name: "orders.dlq",
    policy: "orders.dlq",
    definition: { "message-ttl": 1_209_600_000, "delivery-limit": 1_000_000_000 },
  };
  const waiting = {
    "message-ttl": 1000,
    "dead-letter-exchange": "",
    "dead-letter-strategy": "at-least-once",
    overflow: "reject-publish",
  };
  const rest = {
    bindings: [{ source: "messaging.dead-letter", destination: "orders.dlq", routing_key: "orders" }],
    policies: {
      orders: healthy.definition,
      "orders.dlq": deadLetters.definition,
      "messaging.retry.1000ms": waiting,
    },
    limits: [] as RabbitmqFigures["limits"],
  };
  const node = {
    name: "a",
    running: true,
    memoryAlarm: false,
    diskAlarm: false,
    partitions: [] as string[],
    refusedLogins: 0,
  };
  const look = (queue: Partial<QueueFigures>, more: Partial<typeof node> = {}): RabbitmqFigures => ({
    nodes: [{ ...node, ...more }],
    queues: [
      { ...(queue.name === "orders.dlq" ? deadLetters : healthy), ...queue },
      ...[healthy, deadLetters].filter(({ name }) => name !== (queue.name ?? "orders")),
    ],
    ...rest,
  });
  const found = (queue: Partial<QueueFigures>, more: Partial<typeof node> = {}) =>
    said(rabbitmqFindings([look(queue, more), look(queue, more)], places));
  const consumer = { tag: "t", prefetch: 10, acknowledges: true };

  it.each<[string, Partial<QueueFigures>, string[]]>([
    ["nothing", {}, []],
    [
      "nothing that is busy",
      { ready: 5, unacknowledged: 3, consumers: [consumer], deliveries: 50, redeliveries: 1 },
      [],
    ],
    ["nobody who consumes", { ready: 5 }, ["backlog: rabbitmq/orders: 5 messages and no consumer"]],
    [
      "a queue that is full",
      { ready: 100, consumers: [consumer] },
      ["refused: rabbitmq/orders: 100 messages of at most 100: publishing is refused"],
    ],
    [
      "one that is nearly",
      { ready: 90, consumers: [consumer] },
      ["backlog: rabbitmq/orders: 90 messages of at most 100"],
    ],
    [
      "a full queue that drops, by its policy alone",
      {
        ready: 100,
        consumers: [consumer],
        policy: "drops",
        definition: { ...healthy.definition, overflow: "drop-head" },
      },
      ["message loss: rabbitmq/orders: by policy drops, when it is full the oldest messages are dropped"],
    ],
    [
      "consumers that hang",
      { ready: 1, unacknowledged: 10, consumers: [consumer] },
      ["lag: rabbitmq/orders: 10 messages in hand, as many as the prefetch allows, and 1 more wait"],
    ],
    [
      "no acknowledgement",
      { consumers: [{ ...consumer, acknowledges: false }] },
      ["message loss: rabbitmq/orders: 1 consumer without acknowledgement (t)"],
    ],
    [
      "no prefetch",
      { consumers: [{ ...consumer, prefetch: 0 }] },
      ["duplicates: rabbitmq/orders: 1 consumer without a prefetch (t), 0 messages in hand"],
    ],
    [
      "redeliveries",
      { consumers: [consumer], deliveries: 20, redeliveries: 15 },
      ["duplicates: rabbitmq/orders: 15.0 of 20.0 deliveries a second are of messages that were delivered before"],
    ],
    [
      "a policy of somebody's",
      { policy: "ttl", definition: { "message-ttl": 5 } },
      [
        "message loss: rabbitmq/orders: by policy ttl, what fails is not kept as a dead letter but dropped, and when it is full the oldest messages are dropped, and messages end after 5 ms, consumed or not",
      ],
    ],
    [
      "a limit that it was declared with",
      { declared: { "max-length": 10 }, definition: { ...healthy.definition, "max-length": 10 } },
      [
        "refused: rabbitmq/orders: by policy orders and what it was declared with (x-max-length), it is full at 10 messages, and then refuses what is published",
      ],
    ],
    [
      "an operator policy that drops dead letters",
      { name: "orders.dlq", operatorPolicy: "small", definition: { ...deadLetters.definition, "max-length": 100 } },
      [
        "message loss: rabbitmq/orders.dlq: by policy orders.dlq and operator policy small, above 100 messages the oldest are dropped",
      ],
    ],
    [
      "dead letters that end early, or as they are shown",
      { name: "orders.dlq", policy: "all", definition: { "message-ttl": 1000, "delivery-limit": 20 } },
      [
        "message loss: rabbitmq/orders.dlq: by policy all, dead letters end after 1000 ms, and after 20 returns they are dropped",
      ],
    ],
    [
      "dead letters that are refused",
      {
        name: "orders.dlq",
        policy: "all",
        definition: { ...deadLetters.definition, overflow: "reject-publish", "max-length-bytes": 9 },
      },
      ["refused: rabbitmq/orders.dlq: by policy all, it is full at 9 bytes, and then what fails stays where it failed"],
    ],
    [
      "a limit below ours",
      { operatorPolicy: "small", definition: { ...healthy.definition, "max-length": 10 } },
      [
        "refused: rabbitmq/orders: by policy orders and operator policy small, it is full at 10 messages, and then refuses what is published",
      ],
    ],
    [
      "a tier without our policy",
      { name: "messaging.retry.1000ms", policy: null, definition: {} },
      ["lag: rabbitmq/messaging.retry.1000ms: by no policy, what comes to wait for a retry never returns"],
    ],
    ["a copy that is down", { members: ["a", "b"] }, ["broker: rabbitmq/orders: 1 of 2 copies are down (b)"]],
    [
      "a leader that hangs, though its queue is said to run",
      { stale: "its leader on a does not report; wait until it works again" },
      ["broker: rabbitmq/orders: what it holds cannot be known: its leader on a does not report"],
    ],
    [
      "a tier that is held up",
      { name: "messaging.retry.1000ms", deadLettering: 32, ready: 3, definition: waiting },
      [
        "lag: rabbitmq/messaging.retry.1000ms: 32 messages whose delay is over cannot return, and 3 others wait behind or beside them",
      ],
    ],
  ])("finds %s", (_, queue, findings) => {
    expect(found(queue)).toEqual(findings);
  });

  it("finds a message that stands in a delay tier though its delay is over, and says how it goes on", () => {
    const head = { id: "m", taken: 0, at: 10_000, since: 10_000 };
    const tier = { ...idleQueue, name: "messaging.retry.1000ms", definition: waiting, ready: 3, head };
    const later = { ...head, taken: 1, at: 16_000, since: 16_000 };
    const between = (earlier: Partial<QueueFigures>, now: Partial<QueueFigures>) =>
      rabbitmqFindings([look({ ...tier, ...earlier }), look({ ...tier, head: later, ...now })], places);
    expect(between({}, {}).map(({ trouble, place, found: text, fix }) => [trouble, place, text, fix])).toEqual([
      [
        "lag",
        "rabbitmq/messaging.retry.1000ms",
        "its first message does not return though its delay is over, and 2 others wait behind it",
        `Reject what stands there: each message goes to its own queue at once, as its next attempt. curl -u admin -H content-type:application/json -d '{"count":32,"ackmode":"reject_requeue_false","encoding":"auto","truncate":1}' http://broker:15672/api/queues/orders/messaging.retry.1000ms/get. It takes 32 at a time: again until this is found no more. It also ends the delay of those behind it that still wait. Nothing is lost meanwhile.`,
      ],
    ]);
    const long = { name: "messaging.retry.60000ms", definition: { ...waiting, "message-ttl": 60_000 } };
    // Said by the message itself, as two looks are too near to each other.
    const failed = (ago: number) => between(long, { ...long, head: { ...later, since: later.at - ago } });
    expect(failed(660_000).map(({ cause }) => cause)).toEqual([
      expect.stringMatching(/ Or it came late, ten minutes or more after its failure: then it returns by itself, /),
    ]);
    // It came late: its app insisted while an alarm was on, or the app's clock is behind.
    expect(failed(659_999)).toEqual([]);
    expect(said(between(long, long))).toEqual([]);
    const sure = between({}, {}).map(({ cause }) => cause);
    expect(sure.join()).not.toContain("it came late");
    expect(between({}, { head: { ...later, at: 12_999, since: -60_000 } })).toEqual([]);
    // Another one of the same id, and one that is on its way to a queue that takes none.
    expect(said(between({}, { head: { ...later, taken: 0 } }))).toEqual([]);
    expect(said(between({}, { head: { ...later, id: "n" } }))).toEqual([]);
    expect(said(between({}, { deadLettering: 1 }))).toEqual([]);
    // As long as the policy is wrong it would go astray.
    expect(said(between({}, { definition: {} })).join()).not.toContain("does not return");
  });

  it("says whose limit a full queue has", () => {
    const fixOf = (queue: Partial<QueueFigures>) => {
      const full = look({ ready: 100, consumers: [consumer], ...queue });
      return rabbitmqFindings([full, full], places).find(({ found: text }) => text.startsWith("100 messages"))!.fix;
    };
    expect(fixOf({})).toBe(
      "Start more instances of the consumer, or raise maxLength and run npx pulumi up: nothing is replaced.",
    );
    const limited = { ...healthy.definition, "max-length": 99 };
    const others = (owner: string) =>
      `Start more instances of the consumer, or take away the limit of ${owner}, which is not the skill's.`;
    expect(fixOf({ operatorPolicy: "small", definition: limited })).toBe(others("small"));
    expect(fixOf({ declared: { "max-length": 99 }, definition: limited })).toBe(others("what it was declared with"));
  });

  it("finds limits of the vhost and of the apps' users that are used up", () => {
    const limits: RabbitmqFigures["limits"] = [
      { of: "vhost", name: "orders", limit: "max-queues", most: 1, used: 5 },
      { of: "vhost", name: "orders", limit: "max-connections", most: 9, used: 8 },
      { of: "user", name: "web", limit: "max-connections", most: 0, used: 0 },
      { of: "user", name: "stranger", limit: "max-connections", most: 0, used: 0 },
    ];
    const whole = { ...look({}), limits: limits.slice(0, 2) };
    expect(said(rabbitmqFindings([whole, whole], places))).toEqual([]);
    const limited = { ...look({}), limits, queues: look({}).queues.filter(({ name }) => name !== "orders.dlq") };
    const findings = rabbitmqFindings([limited, limited], places, {
      shop: { rabbitmq: { username: "web", publishes: {}, consumes: {} } } as never,
    });
    expect(findings.map(({ trouble, place, found, fix }) => [`${trouble}: ${place}: ${found}`, fix])).toEqual([
      [
        "refused: rabbitmq vhost orders: it has 5 queues of at most 1 (max-queues): further ones are refused",
        "Take the limit away: rabbitmqctl clear_vhost_limits -p orders (all of its limits); or set a higher one. Apps that ended must then be started again.",
      ],
      [
        "refused: rabbitmq user web: it has 0 connections of at most 0 (max-connections): further ones are refused",
        "Take the limit away: rabbitmqctl clear_user_limits web max-connections; or set a higher one. Apps that ended must then be started again.",
      ],
    ]);
  });

  it("finds a vhost that somebody deleted, and says it once", () => {
    const gone = { ...rest, nodes: [node], queues: [], bindings: [], missing: "orders" };
    expect(said(rabbitmqFindings([look({}), gone], places))).toEqual([
      "message loss: rabbitmq vhost orders: the vhost, with every queue in it, is not on the broker",
    ]);
  });

  it("finds a queue that somebody deleted", () => {
    const gone = { ...rest, nodes: [node], queues: [] };
    expect(said(rabbitmqFindings([look({}), gone], places))).toEqual([
      "message loss: rabbitmq/orders: the queue is not on the broker",
    ]);
  });

  it("finds bindings and exchanges that somebody deleted", () => {
    const orders = { exchange: "order-events", routingKeys: ["order.*"] };
    const retries = [{ delay: 1000, place: "messaging.retry.1000ms" }];
    const rabbitmq = { publishes: { orders: [orders] }, consumes: { orders: { retries } } };
    const without = { ...look({ name: "messaging.retry.1000ms", definition: waiting }), bindings: [] };
    expect(said(rabbitmqFindings([without, without], places, { shop: { rabbitmq } as never }))).toEqual([
      "refused: rabbitmq/orders: exchange messaging.dead-letter leads nowhere by orders",
      "refused: rabbitmq/orders: exchange order-events leads nowhere by order.*",
      "refused: rabbitmq/orders: exchange messaging.retry.1000ms leads nowhere by #",
    ]);
  });

  it("finds a queue of a retry that somebody deleted, once for all flows that wait there", () => {
    const retries = [{ delay: 1000, place: "messaging.retry.1000ms" }];
    const rabbitmq = { publishes: {}, consumes: { orders: { retries }, bills: { retries } } };
    expect(said(rabbitmqFindings([look({}), look({})], places, { shop: { rabbitmq } as never }))).toEqual([
      "message loss: rabbitmq/messaging.retry.1000ms: the queue in which failed messages wait for their retry is not on the broker",
    ]);
  });

  it("finds logins that are refused again and again", () => {
    const looks = [look({}, { refusedLogins: 4 }), look({}, { refusedLogins: 6 })] as const;
    expect(said(rabbitmqFindings([...looks], places))).toEqual([
      "refused: rabbitmq node a: 2 logins refused between two looks",
    ]);
  });

  it("finds alarms, and nodes that are down or cut off", () => {
    expect(found({}, { memoryAlarm: true, diskAlarm: true, running: false, partitions: ["b"] })).toEqual([
      "broker: rabbitmq node a: it does not run",
      "refused: rabbitmq node a: its memory alarm is on",
      "refused: rabbitmq node a: its disk alarm is on",
      "message loss: rabbitmq node a: it does not see b",
    ]);
  });
});

describe("Kafka", () => {
  const now = new Date("2026-01-01T12:00:00Z");
  const ago = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
  const topic: TopicFigures = {
    topic: "t",
    minInsync: 2,
    retentionMs: 3_600_000,
    partitions: [{ partition: 0, leader: 1, replicas: [1, 2, 3], insync: [1, 2, 3], offline: [] }],
  };
  const group: GroupFigures = {
    flow: "kafka/t/g",
    topic: "t",
    group: "g",
    delay: 0,
    members: 1,
    autoOffsetReset: "earliest",
    partitions: [{ partition: 0, first: 0, end: 10, committed: 10 }],
  };
  const found = (
    g: Partial<GroupFigures>,
    t: Partial<TopicFigures["partitions"][number]> = {},
    before: Partial<GroupFigures> = g,
  ) => {
    const look = (one: Partial<GroupFigures>): KafkaFigures => ({
      topics: [{ ...topic, partitions: [{ ...topic.partitions[0]!, ...t }] }],
      groups: [{ ...group, ...one }],
      missing: [],
      untold: [],
    });
    return said(kafkaFindings([look(before), look(g)], { after: 60_000 }, {}, now));
  };
  const at = (committed: number, minutes: number) => ({
    partitions: [{ partition: 0, first: 0, end: 10, committed, oldestUnread: ago(minutes) }],
  });

  it("finds nothing where all is read, or the rest is new", () => {
    expect(found({})).toEqual([]);
    expect(found(at(8, 0))).toEqual([]);
    expect(found({ autoOffsetReset: "latest", partitions: [{ partition: 0, first: 0, end: 10 }], members: 0 })).toEqual(
      [],
    );
    expect(found({ partitions: [{ partition: 0, first: 10, end: 10 }], members: 0 })).toEqual([]);
  });

  it("takes a partition without a position for read, where the group begins at the end: most clients commit only what they handled", () => {
    const old = { partition: 1, first: 0, end: 7, oldestUnread: ago(60) };
    expect(found({ autoOffsetReset: "latest", partitions: [...group.partitions, old], members: 1 })).toEqual([]);
  });

  it.each([
    [
      "earliest" as const,
      0,
      "lag: kafka/t/g: 10 records in t, nobody in the group, and it has no position",
      "Where it never consumed, start the consumer, with the current `apps` output. Where it did, started now it begins at the first record, and handles again those that it has consumed. ",
    ],
    [
      "earliest" as const,
      2,
      "lag: kafka/t/g: 10 records in t, nobody in the group, and it has no position, though it has consumed",
      "Started now it begins at the first record, and handles again those that it has consumed. ",
    ],
    [
      "latest" as const,
      2,
      "message loss: kafka/t/g: 10 records in t, nobody in the group, and it has no position, though it has consumed",
      "Started now it begins at the end, and gets none of these records. ",
    ],
  ])(
    "finds a group that begins %s without a position, once; %i records were retried",
    (autoOffsetReset, end, finding, fix) => {
      const gone = { ...group, members: 0, autoOffsetReset, partitions: [{ partition: 0, first: 0, end: 10 }] };
      const retry = { ...gone, topic: "t.g.retry.1000", delay: 1000, partitions: [{ partition: 0, first: 0, end }] };
      const look: KafkaFigures = { topics: [], groups: [gone, retry], missing: [], untold: [] };
      const access = { kafka: { bootstrapServers: ["a:9092"] } } as Access;
      const findings = kafkaFindings([look, look], { after: 60_000 }, access, now);
      expect(said(findings)).toEqual([finding]);
      expect(findings[0]!.fix).toBe(
        `${fix}To have it go on, first set its position to a time (UTC) up to which it had consumed all: kafka-consumer-groups.sh --bootstrap-server a:9092 --command-config admin.properties --group g --topic t --reset-offsets --to-datetime 'TIME' --dry-run (admin.properties has the administrator's login, see docs/on-call.md; TIME as in YYYY-MM-DDThh:mm:ss.000; --to-latest in place of the time where it had consumed all, --to-earliest where nothing). That only shows the new positions: where they are right, again with --execute in place of --dry-run.${end > 0 ? " What it retried comes again all the same: its retry topics are read from their first record." : ""}`,
      );
    },
  );

  it("finds groups without members, partitions that stand still, and slow groups", () => {
    expect(found({ ...at(8, 0), members: 0 })).toEqual(["lag: kafka/t/g: 2 records not read and nobody in the group"]);
    expect(found(at(8, 5))).toEqual([
      "lag: kafka/t/g: partition 0 stands still at offset 8, its next record is 5 min old",
    ]);
    expect(found(at(8, 5), {}, at(7, 5))).toEqual(["lag: kafka/t/g: 2 records not read, the oldest is 5 min old"]);
  });

  it("finds a retry topic that nobody reads, and gives what waits there its time", () => {
    const retry = { topic: "t.g.retry.300000", delay: 300_000 };
    expect(found({ ...at(8, 5), ...retry })).toEqual([]);
    expect(found({ ...at(8, 5), ...retry, members: 0 })).toEqual([
      "lag: kafka/t/g: 2 records not read in t.g.retry.300000 and nobody in the group reads it",
    ]);
    expect(found({ ...at(8, 7), ...retry })).toEqual([
      "lag: kafka/t/g: partition 0 of t.g.retry.300000 stands still at offset 8, its next record is 7 min old",
    ]);
  });

  it("finds a group whose topic was made again, and what still waits in its retry topics", () => {
    const gone = {
      ...group,
      members: 0,
      autoOffsetReset: "latest" as const,
      partitions: [{ partition: 0, first: 0, end: 10 }],
    };
    const partitions = [{ partition: 0, first: 0, end: 2, committed: 1 }];
    const retry = { ...gone, topic: "t.g.retry.1000", delay: 1000, autoOffsetReset: "earliest" as const, partitions };
    const look: KafkaFigures = { topics: [], groups: [gone, retry], missing: [], untold: [] };
    const findings = kafkaFindings([look, look], { after: 60_000 }, {}, now);
    expect(said(findings)).toEqual([
      "lag: kafka/t/g: 1 record not read in t.g.retry.1000 and nobody in the group reads it",
      "message loss: kafka/t/g: 10 records in t, nobody in the group, and it has no position, though it has consumed",
    ]);
    expect(findings[1]!.fix).not.toContain("What it retried");
  });

  it("finds topics that somebody deleted, and goes on where a group does not tell", () => {
    const look: KafkaFigures = {
      topics: [],
      groups: [],
      missing: [{ flow: "kafka/t/g", topic: "t.g.retry.1000" }],
      untold: [{ flow: "kafka/t/h", why: "COORDINATOR_NOT_AVAILABLE" }],
    };
    expect(said(kafkaFindings([look, look], { after: 1 }, {}, now))).toEqual([
      "message loss: kafka/t/g: topic t.g.retry.1000 is not on the broker",
      "broker: kafka/t/h: how far its group has read cannot be known: COORDINATOR_NOT_AVAILABLE",
    ]);
  });

  it("finds records that were deleted unread, and those that soon are", () => {
    expect(found({ partitions: [{ partition: 0, first: 5, end: 5, committed: 2 }] })).toEqual([
      "message loss: kafka/t/g: 3 records of t were deleted before the group read them",
    ]);
    expect(found(at(8, 55), {}, at(7, 55))).toContain(
      "message loss: kafka/t/g: its oldest unread record in t is 55 min old, and kept for 60 min",
    );
  });

  it("says that min.insync.replicas is above the copies that there are, and to put it back", () => {
    const look: KafkaFigures = {
      topics: [{ ...topic, partitions: [{ ...topic.partitions[0]!, replicas: [1], insync: [1] }] }],
      groups: [],
      missing: [],
      untold: [],
    };
    const [{ found, cause, fix } = {} as never] = kafkaFindings([look, look], { after: 1 }, {}, now);
    expect([found, cause, fix]).toEqual([
      "partition 0 has fewer copies in sync than min.insync.replicas (2)",
      "The setting is above the number of copies that there are, so writes with acks=all are refused.",
      "Where somebody raised it: npx pulumi up --refresh. Else lower it in skill.yaml, or add copies (kafka-reassign-partitions.sh).",
    ]);
  });

  it("finds partitions with too few copies or no leader", () => {
    expect(found({}, { insync: [1, 3] })).toEqual(["broker: kafka/t: partition 0 has 2 of 3 copies in sync"]);
    expect(found({}, { insync: [1] })).toEqual([
      "refused: kafka/t: partition 0 has fewer copies in sync than min.insync.replicas (2)",
    ]);
    expect(found({}, { leader: -1 })).toEqual(["broker: kafka/t: no leader for partition 0"]);
    expect(found({}, { leader: -1, offline: [1] })).toEqual([
      "broker: kafka/t: broker 1 runs and cannot read its copy of partition 0",
    ]);
  });
});

const sqsAccess = {
  region: "r",
  deadLetters: [{ flow: "sqs/q", queueUrl: "http://s/1/q.fifo", deadLetterQueueUrl: "http://s/1/q-dlq.fifo" }],
};

describe("SQS", () => {
  const queue: SqsFigures = {
    flow: "sqs/q",
    visible: 0,
    inFlight: 0,
    delayed: 0,
    visibilityTimeout: 30,
    retention: 345_600,
    deadLetterRetention: 1_209_600,
    redrive: { deadLetterTargetArn: "arn:aws:sqs:r:1:q-dlq.fifo", maxReceiveCount: 3 },
  };
  const apps = {
    shop: { sqs: { consumes: { q: { queueUrl: "http://s/1/q.fifo", visibilityTimeout: 30, maxReceiveCount: 3 } } } },
  };
  it.each<[Partial<SqsFigures>, string[]]>([
    [{}, []],
    [{ visible: 3, inFlight: 1 }, []],
    [{ inFlight: 1 }, []],
    [{ visible: 3 }, ["backlog: sqs/q: 3 messages, and none in flight"]],
    [{ inFlight: 110_000 }, ["refused: sqs/q: 110,000 messages in flight of at most 120,000"]],
    [{ redrive: undefined } as never, ["message loss: sqs/q: it passes nothing on to its dead-letter queue"]],
    [{ deadLetterRetention: 60 }, ["message loss: sqs/q: dead letters are kept for 60 s, messages for 4 d"]],
    [{ retention: 60 }, ["message loss: sqs/q: messages are kept for 60 s, and their deliveries take 90 s"]],
    [{ visibilityTimeout: 0 }, ["duplicates: sqs/q: its visibility timeout is 0 s"]],
    [{ visibilityTimeout: 43_200 }, ["lag: sqs/q: q.fifo: VisibilityTimeout is 43200, not 30"]],
    [
      { redrive: { deadLetterTargetArn: "arn:aws:sqs:r:1:other.fifo", maxReceiveCount: 1 } },
      [
        "message loss: sqs/q: q.fifo: what fails goes to other.fifo, not to q-dlq.fifo, and it is given up after 1 of 3 deliveries",
      ],
    ],
    [
      { redrive: { deadLetterTargetArn: "arn:aws:sqs:r:1:q-dlq.fifo", maxReceiveCount: 1000 } },
      ["lag: sqs/q: q.fifo: what fails is given up only after 1000 deliveries, not 3"],
    ],
  ])("of %j finds %j", (more, findings) => {
    expect(said(sqsFindings([[{ ...queue, ...more }], [{ ...queue, ...more }]], sqsAccess, apps as never))).toEqual(
      findings,
    );
  });

  /** What is told of queues as they are at each look, 6 s apart, and how often each was looked at. */
  const heldAfter = async (after: number, ...looks: SqsFigures[][]) => {
    vi.useFakeTimers({ now: 6_000, toFake: ["Date"] });
    const asked: string[][] = [];
    const again = async (flows: string[]) => {
      vi.setSystemTime(Date.now() + 6_000);
      asked.push(flows);
      return (looks[asked.length + 1] ?? looks.at(-1)!).filter(({ flow }) => flows.includes(flow));
    };
    const held = await heldQueues([looks[0]!, looks[1]!], { after }, 0, again).finally(() => vi.useRealTimers());
    return { told: said(sqsFindings([[], []], sqsAccess, {}, held)), asked };
  };
  const lag = (flow: string, wait: number) =>
    `lag: ${flow}: 1 message in flight, and ${wait} more wait, no fewer than at the first look`;

  it.each<[string, boolean, number, number, number, number]>([
    ["held, as nothing moves", true, 3, 1, 3, 1],
    ["held, as more come and none go", true, 3, 1, 9, 1],
    ["worked on, as fewer wait", false, 3, 1, 2, 1],
    ["worked on, as others are in hand", false, 3, 1, 3, 2],
    ["empty but for what is in hand", false, 0, 1, 0, 1],
  ])("takes a queue for %s (%s): %i visible and %i in flight, then %i and %i", async (_, held, ...figures) => {
    const [visible, inFlight, then, thenInFlight] = figures as [number, number, number, number];
    const looks = [[{ ...queue, visible, inFlight }], [{ ...queue, visible: then, inFlight: thenInFlight }]];
    expect((await heldAfter(60_000, ...looks)).told).toEqual(held ? [lag("sqs/q", then)] : []);
  });

  it("tells of a held queue once its retries would be over and `after` is, and of none where it does not look for as long", async () => {
    const stuck = { ...queue, visible: 3, inFlight: 1 };
    const seconds = async (after: number, one: SqsFigures) => {
      const { told, asked } = await heldAfter(after, [one], [one]);
      return told.length > 0 && 6 + 6 * asked.length;
    };
    // 3 deliveries of 30 s.
    expect(await seconds(1_000, stuck)).toBe(90);
    expect(await seconds(100_000, stuck)).toBe(102);
    expect(await seconds(1_000, { ...stuck, visibilityTimeout: 2 })).toBe(6);
    expect(await seconds(300_000, stuck)).toBe(false);
    expect(await seconds(1_000, { ...stuck, visibilityTimeout: 300 })).toBe(false);
  });

  it("looks again only at what may be held, and no more once it moves", async () => {
    const [q, p, idle] = ["sqs/q", "sqs/p", "sqs/idle"].map((flow) => ({
      ...queue,
      flow,
      visible: 3,
      inFlight: 1,
    })) as [SqsFigures, SqsFigures, SqsFigures];
    const first = [q, p, { ...idle, visible: 0, inFlight: 0 }];
    const { asked, told } = await heldAfter(12_000, first, first, [q, { ...p, visible: 2 }, first[2]!]);
    expect(told).toEqual([lag("sqs/q", 3)]);
    expect([asked[0], ...new Set(asked.slice(1).map(String))]).toEqual([["sqs/q", "sqs/p"], "sqs/q"]);
  });
});

describe("SQS that does not tell of one", () => {
  it.each([
    ["SQS: The specified queue does not exist.", "message loss: sqs/q: the queue is not on the broker"],
    ["SQS: AccessDenied", "broker: sqs/q: what it holds cannot be known: SQS: AccessDenied"],
  ])("%s", (refused, finding) => {
    const look = [{ flow: "sqs/q", refused }];
    expect(said(sqsFindings([look, look], sqsAccess))).toEqual([finding]);
  });
});

describe("Redis", () => {
  const healthy: RedisFigures = {
    instance: "n",
    usedMemory: 1,
    maxMemory: 2 ** 20,
    policy: "noeviction",
    evicted: 0,
    appendOnly: true,
    appendOnlyWritten: true,
    snapshotWritten: true,
    paused: false,
    clockAhead: 3,
    marked: true,
    refusals: [],
    streams: [],
    groups: [],
  };
  const group = {
    flow: "redis/n/s/g",
    stream: "s",
    group: "g",
    exists: true,
    unread: 0,
    removed: 0,
    removedPending: { inHand: 0, waiting: 0 },
    pending: 0,
    connected: 1,
    retrying: [] as { delay: number; pending: number; due: number }[],
    holding: [],
  };
  it.each<[Partial<RedisFigures>, string[]]>([
    [{}, []],
    [{ usedMemory: 2 ** 20 }, ["refused: redis/n: 1.0 MiB of 1.0 MiB are used: writes are refused"]],
    [{ usedMemory: 0.9 * 2 ** 20 }, ["backlog: redis/n: 0.9 MiB of 1.0 MiB are used"]],
    [
      { policy: "allkeys-lru", evicted: 2 },
      ["message loss: redis/n: maxmemory-policy is allkeys-lru, and 2 keys were evicted"],
    ],
    [{ appendOnly: false }, ["message loss: redis/n: the append-only file is off"]],
    [{ appendOnlyWritten: false }, ["refused: redis/n: the append-only file could not be written"]],
    [{ snapshotWritten: false }, ["refused: redis/n: the last snapshot could not be written"]],
    [
      { replicas: { following: 0, least: 1 } },
      ["refused: redis/n: 0 replicas of at least 1 follow: writes are refused (NOREPLICAS)"],
    ],
    [{ replicas: { following: 1, least: 1 } }, []],
    [{ clockAhead: -60_000 }, ["broker: redis/n: its clock is 60 s behind this machine's"]],
    [{ groups: [group] }, []],
    [
      { groups: [{ ...group, exists: false }] },
      ["message loss: redis/n/s/g: its stream or its consumer group is not on the broker"],
    ],
    [{ marked: false, groups: [group] }, []],
    [
      { marked: false, groups: [{ ...group, exists: false }] },
      [
        "message loss: redis/n: the mark of this environment and the consumer groups of redis/n/s/g are not on the server",
      ],
    ],
    [
      {
        refusals: [
          { username: "worker", reason: "auth", count: 3, object: "AUTH" },
          { username: "worker", reason: "key", count: 1, object: "carts" },
        ],
      },
      ["refused: redis/n: worker was refused in the last minute: 3 logins, what it may not do (carts)"],
    ],
    [
      {
        refusals: [
          { username: "worker", reason: "command", count: 9, object: "xgroup|create" },
          { username: "worker", reason: "command", count: 1, object: "xrange" },
        ],
      },
      ["refused: redis/n: worker was refused in the last minute: what it may not do (xrange)"],
    ],
    [{ refusals: [{ username: "worker", reason: "command", count: 9, object: "xgroup|create" }] }, []],
    [{ streams: [{ stream: "s" }] }, ["message loss: redis/n/s: a key of another type stands in place of the stream"]],
    [
      { streams: [{ stream: "s.g.dlq", entries: 20_000, expiresIn: 3_000_000 }] },
      ["message loss: redis/n/s.g.dlq: the stream is deleted in 50 min, and holds 20,000 entries now"],
    ],
    [
      { paused: true },
      ["refused: redis/n: it answers reads, and lets writes wait: its clients are paused (CLIENT PAUSE ... WRITE)"],
    ],
    [
      { groups: [{ ...group, connected: 0, retrying: [{ delay: 1000, pending: 9, due: -500 }] }] },
      ["backlog: redis/n/s/g: 0 entries not read, 0 not acknowledged, 9 waiting for a retry, and no consumer"],
    ],
    [
      { groups: [{ ...group, retrying: [{ delay: 1000, pending: 9, due: 60_000 }] }] },
      ["lag: redis/n/s/g: 9 entries in messaging.retry.1000 not taken, the oldest is due for 60 s"],
    ],
    [
      { untold: "it is a replica of a:1" },
      ["broker: redis/n: what its streams hold cannot be known: it is a replica of a:1"],
    ],
    [
      { groups: [{ ...group, removed: 2 }] },
      ["message loss: redis/n/s/g: 2 entries of s were removed before the group read them"],
    ],
    [
      { groups: [{ ...group, removedPending: { inHand: 3, waiting: 1 } }] },
      [
        "message loss: redis/n/s/g: 3 entries of s were removed while a consumer had them in hand",
        "message loss: redis/n/s/g: 1 entry of s was removed while it waited for a retry",
      ],
    ],
    [
      { groups: [{ ...group, connected: 0, unread: 1, pending: 2 }] },
      ["backlog: redis/n/s/g: 1 entry not read, 2 not acknowledged, and no consumer"],
    ],
    [
      { groups: [{ ...group, pending: 1, holding: [{ consumer: "c", pending: 1, idle: 90_000 }] }] },
      ["lag: redis/n/s/g: c has held 1 of its entries for 90 s"],
    ],
    [
      { streams: [{ stream: "s", entries: 12_000 }], groups: [{ ...group, unread: 10 }] },
      ["backlog: redis/n/s: 11,990 entries that every group has acknowledged"],
    ],
  ])("of %j finds %j", (more, findings) => {
    expect(said(redisFindings({ ...healthy, ...more }, { after: 60_000 }))).toEqual(findings);
  });
});

describe("doctorText", () => {
  it("says of each what, where, why and the fix", () => {
    expect(doctorText([])).toBe("healthy: nothing found");
    expect(
      doctorText([
        {
          trouble: "lag",
          place: "kafka/t/g",
          found: "2 records",
          cause: "It is slow.",
          fix: "Start more.",
          command: "npx messaging verify",
        },
      ]),
    ).toMatchInlineSnapshot(`
      "TROUBLE  WHERE      FOUND
      lag      kafka/t/g  2 records

      lag: kafka/t/g
        cause: It is slow.
        fix:   Start more.
        see:   npx messaging verify"
    `);
  });
});
