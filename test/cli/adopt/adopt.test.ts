import { describe, expect, it } from "vitest";
import { accessOf } from "../../../cli/adopt/access.ts";
import { adoptedSkill, merge, pathOf, without } from "../../../cli/adopt/document.ts";
import { toDuration, toSize } from "../../../cli/adopt/durations.ts";
import { asDeclared } from "../../../cli/adopt/imported.ts";
import { type ImportEntry, importFileOf, isImportable } from "../../../cli/adopt/importFile.ts";
import { matchOf, ownerOf } from "../../../cli/adopt/match.ts";
import { toYaml } from "../../../cli/adopt/text.ts";
import { vhostOf } from "../../../cli/adopt/vhost.ts";
import { toDeadLetterQueuePolicy } from "../../../components/rabbitmq/policy.ts";
import { properties, type Thing } from "../../../live/inventory/index.ts";
import { parseEnvironment, parseSkill, parseSkillText } from "../../../skill/index.ts";

const thing = (broker: string, kind: string, name: string, values: object = {}, more: Partial<Thing> = {}): Thing => ({
  broker,
  kind,
  name,
  properties: properties({ ...values }),
  ...more,
});
const inVhost = (kind: string, name: string, values: object = {}, more: Partial<Thing> = {}) =>
  thing("rabbitmq", kind, name, values, { scope: "v", ...more });
const queue = (name: string, values: object = {}) =>
  inVhost("queue", name, { durable: true, autoDelete: false, arguments: '{"x-queue-type":"quorum"}', ...values });
const exchange = (name: string, values: object = {}) =>
  inVhost("exchange", name, { durable: true, autoDelete: false, type: "topic", ...values });
const binding = (source: string, destination: string, routingKey: string, values: object = {}) =>
  inVhost("binding", `${source} -> ${destination}`, {
    source,
    destination,
    destinationType: "queue",
    routingKey,
    ...values,
  });

const reading = { vhost: "v", administrators: { rabbitmq: "admin", kafka: "admin" }, instances: [] };
const adopted = (things: Thing[], more = {}) => adoptedSkill(things, { ...reading, ...more });
const reasons = (things: Thing[], more = {}) =>
  adopted(things, more).leftOut.map(({ what, reason }) => `${what}: ${reason}`);

describe("the skill of what is on RabbitMQ", () => {
  it("has the exchanges, the queues and their bindings, and is valid", () => {
    const { document, leftOut } = adopted([
      exchange("events"),
      exchange("by-header", { type: "headers" }),
      queue("orders"),
      queue("log", { arguments: '{"x-queue-type":"stream"}' }),
      binding("events", "orders", "order.*"),
      binding("by-header", "log", "", { arguments: '{"kind":"a","x-match":"all"}' }),
    ]);
    expect(leftOut).toEqual([]);
    expect(document.rabbitmq).toEqual({
      vhost: "v",
      exchanges: { events: { type: "topic" }, "by-header": { type: "headers" } },
      queues: {
        orders: {
          type: "quorum",
          bindings: [{ exchange: "events", routingKey: "order.*" }],
          retry: { maxAttempts: 19 },
        },
        log: { type: "stream", bindings: [{ exchange: "by-header", arguments: { kind: "a", "x-match": "all" } }] },
      },
    });
    expect(() => parseSkill(document)).not.toThrow();
  });

  it("takes a queue of the right name and kind for the dead letters of another", () => {
    const { document } = adopted([queue("orders"), queue("orders.dlq")]);
    expect(Object.keys((document.rabbitmq as { queues: object }).queues)).toEqual(["orders"]);
  });

  it("keeps somebody's own dead letters for as long as they are kept today, and the limit of deliveries", () => {
    const definition = { "delivery-limit": "5", "message-ttl": "86400000" };
    const policies = [
      inVhost("policy", "short", {
        pattern: "^limited",
        applyTo: "queues",
        priority: 0,
        definition: JSON.stringify(definition),
      }),
    ];
    const names = ["bills", "bills.dlq", "limited", "limited.dlq"];
    const { document, leftOut } = adopted([...names.map((name) => queue(name)), ...policies]);
    expect((document.rabbitmq as { queues: object }).queues).toEqual({
      bills: { type: "quorum", retry: { maxAttempts: 19 }, deadLetter: { retention: "forever" } },
      limited: { type: "quorum", retry: { maxAttempts: 4 }, deadLetter: { retention: "1d" } },
    });
    const { queues } = parseSkill(document).rabbitmq!;
    expect(toDeadLetterQueuePolicy("bills.dlq", queues.bills!.deadLetter!.retention).definition).toEqual({
      "delivery-limit": "1000000000",
    });
    const strong = inVhost("policy", "cap", { pattern: "^bills$", applyTo: "queues", priority: 2000 });
    expect(reasons([queue("bills"), strong])).toEqual([
      expect.stringMatching(
        /^rabbitmq policy cap: it applies to bills: its priority of 2000 .* and ours does not apply$/,
      ),
    ]);
    expect(leftOut.map(({ reason }) => reason)).toEqual([
      expect.stringMatching(
        /^it applies to limited, limited.dlq: the policy that each gets of its own takes precedence/,
      ),
    ]);
  });

  it("takes every binding that can be said, and names each of the others", () => {
    const keys = ["a.one", "b two", "c.three", "d two", "e.five", "f.six"];
    const things = [exchange("news"), queue("mail"), ...keys.map((key) => binding("news", "mail", key))];
    const { document, leftOut } = adopted(things);
    const { mail } = (document.rabbitmq as { queues: { mail: { bindings: { routingKey: string }[] } } }).queues;
    expect(mail.bindings.map(({ routingKey }) => routingKey)).toEqual(["a.one", "c.three", "e.five", "f.six"]);
    expect(leftOut.map(({ what }) => what)).toEqual([
      "rabbitmq binding news -> mail b two",
      "rabbitmq binding news -> mail d two",
    ]);
  });

  it("leaves out what a skill cannot say, each with its reason", () => {
    expect(
      reasons([
        exchange("a", { durable: false }),
        exchange("b", { autoDelete: true }),
        exchange("c", { internal: true }),
        exchange("d", { arguments: '{"alternate-exchange":"x"}' }),
        exchange("e", { type: "x-random" }),
        queue("f", { durable: false }),
        queue("g", { autoDelete: true }),
        queue("h", { arguments: undefined }),
        queue("i", { arguments: '{"x-max-length":"1","x-queue-type":"quorum"}' }),
        queue("j"),
        queue("j.dlq", { arguments: '{"x-queue-type":"classic"}' }),
        queue("bad name"),
        exchange("events"),
        queue("k"),
        binding("amq.topic", "k", "#"),
        binding("events", "f", "#"),
        binding("events", "k", "part*"),
        inVhost("permission", "shop", { read: ".*" }),
        inVhost("permission", "admin", { read: ".*" }),
        inVhost("topic permission", "shop on events", { write: "^a" }),
        inVhost("policy", "all", { pattern: "^k$", applyTo: "queues", priority: 0 }),
        inVhost("policy", "ae", { pattern: "^events$", applyTo: "exchanges", priority: 0 }),
      ]),
    ).toMatchInlineSnapshot(`
      [
        "rabbitmq exchange a: it is not durable: everything of a skill is",
        "rabbitmq exchange b: it is deleted with its last binding (auto-delete): a skill's stay",
        "rabbitmq exchange c: it is internal: a skill's can be published to",
        "rabbitmq exchange d: it has arguments, which a skill's exchange does not: {"alternate-exchange":"x"}",
        "rabbitmq exchange e: a skill has no exchanges of type x-random",
        "rabbitmq queue f: it is not durable: everything of a skill is",
        "rabbitmq queue g: it is deleted with its last consumer (auto-delete): a skill's stay",
        "rabbitmq queue h: it was made without the argument x-queue-type, which cannot be added to it",
        "rabbitmq queue i: it has arguments that cannot be changed, where a skill's has a policy: {"x-max-length":"1","x-queue-type":"quorum"}",
        "rabbitmq queue j: its dead-letter queue would be j.dlq, which exists and is none: it must be a durable quorum queue",
        "rabbitmq binding amq.topic -> k: the exchange amq.topic is not adopted",
        "rabbitmq binding events -> f: the queue f is not adopted",
        "rabbitmq policy all: it applies to k: the policy that each gets of its own takes precedence, so it no longer applies to them",
        "rabbitmq policy ae: it applies to events: it keeps applying to them",
        "rabbitmq topic permission shop on events: it is of a user, and no user is adopted",
        "rabbitmq user shop: an app of a skill gets a password of its own: add an app of another name, move its clients to it, then remove this",
        "rabbitmq queues bad name: rabbitmq.queues["bad name"]: must hold no white space, control or invisible character, got "bad name"",
        "rabbitmq binding events -> k part*: rabbitmq.queues.k.bindings[0].routingKey: must have * and # as whole words only, such as order.*, got "part*"",
      ]
    `);
  });
});

describe("the vhost that is adopted", () => {
  const at = (...scopes: string[]) => scopes.map((scope) => ({ ...queue("q"), scope }));

  it("is the one that is said, or the only one", () => {
    expect(vhostOf(at("shop", "shop"), undefined)).toBe("shop");
    expect(vhostOf(at("shop", "other"), "other")).toBe("other");
    expect(vhostOf([], undefined)).toBeUndefined();
    expect(() => vhostOf(at("shop", "other"), undefined)).toThrow("--vhost: must be given");
    expect(() => vhostOf(at("shop"), "none")).toThrow("--vhost: must be one with queues or exchanges (shop), got");
  });

  it("is refused where no skill can say it, with what to do", () => {
    for (const vhost of ["/", "/shop"])
      expect(() => vhostOf(at(vhost), undefined)).toThrow(
        /^--vhost: a skill's must hold none of @ .*: make one of such a name, move its clients and messages there/,
      );
  });
});

describe("the skill of what is on Kafka", () => {
  const defaults = {
    "min.insync.replicas": "1",
    "unclean.leader.election.enable": "false",
    "retention.ms": "604800000",
  };
  const topic = (name: string, values: object) =>
    thing("kafka", "topic", name, { partitions: 3, replicationFactor: 3, ...values }, { defaults });

  it("says of each topic what holds for it now, where a skill's default would be another", () => {
    const { document, leftOut } = adopted([
      topic("a", { "retention.ms": "-1", "cleanup.policy": "compact", "min.insync.replicas": "2" }),
      topic("b", {}),
      topic("c", { replicationFactor: 1, "unclean.leader.election.enable": "true" }),
      topic("__hidden", {}),
    ]);
    expect(document.kafka).toEqual({
      topics: {
        a: { partitions: 3, replicationFactor: 3, retention: "forever", config: { "cleanup.policy": "compact" } },
        b: { partitions: 3, replicationFactor: 3, retention: "7d", config: { "min.insync.replicas": "1" } },
        c: { partitions: 3, replicationFactor: 1, retention: "7d", config: {} },
      },
    });
    expect(() => parseSkill(document)).not.toThrow();
    // Then the preview would change it, and the whole topic is left out.
    expect(leftOut.map(({ what }) => what)).toEqual(["kafka topics c config unclean.leader.election.enable"]);
  });

  it("leaves out users and their rights, whose passwords nobody can know", () => {
    const found = reasons([
      topic("a", {}),
      thing("kafka", "user", "shop"),
      thing("kafka", "user", "admin"),
      thing("kafka", "acl", "User:shop may Read Topic a", { principal: "User:shop" }),
    ]);
    expect(found.map((reason) => reason.split(": ")[0])).toEqual([
      "kafka user shop",
      "kafka acl User:shop may Read Topic a",
    ]);
  });
});

describe("the skill of what is on SQS and Redis", () => {
  const fifo = (name: string, values: object = {}) =>
    thing("sqs", "queue", name, {
      QueueArn: `arn:aws:sqs:r:1:${name}`,
      ContentBasedDeduplication: "true",
      FifoThroughputLimit: "perQueue",
      VisibilityTimeout: "45",
      MessageRetentionPeriod: "345600",
      ...values,
    });

  it("has FIFO queues, with their dead letters where they go where a skill's go", () => {
    const { document } = adopted([
      fifo("pay.fifo", {
        RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:r:1:pay-dlq.fifo","maxReceiveCount":"4"}',
      }),
      fifo("pay-dlq.fifo"),
      fifo("strict.fifo", { FifoThroughputLimit: "perMessageGroupId" }),
    ]);
    const common = { contentBasedDeduplication: true, visibilityTimeout: "45s", retention: "4d" };
    expect(document.sqs).toEqual({
      queues: {
        pay: { ...common, highThroughput: false, onPoison: "deadLetter", retry: { maxAttempts: 4 } },
        strict: { ...common, highThroughput: true, onPoison: "block" },
      },
    });
    expect(() => parseSkill(document)).not.toThrow();
  });

  it("leaves out what is another kind of queue, or would lose its policy", () => {
    expect(
      reasons([
        thing("sqs", "queue", "standard"),
        fifo("open.fifo", { Policy: '{"Statement":[{"Sid":"Other"}]}' }),
        fifo("far.fifo", { RedrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:r:1:all.fifo","maxReceiveCount":"4"}' }),
      ]),
    ).toEqual([
      "sqs queue standard: it is no FIFO queue: a skill's are",
      "sqs queue open.fifo: it has a policy, which that of a skill's queue would replace",
      "sqs queue far.fifo: its dead letters go to all.fifo: those of a skill's queue go to far-dlq.fifo",
    ]);
  });

  it("has a Redis server whose settings a skill can say, and its streams", () => {
    const settings = {
      maxmemory: 268435456,
      "maxmemory-policy": "noeviction",
      appendonly: "yes",
      appendfsync: "everysec",
    };
    const server = (values: object) => [
      thing("redis/cache", "settings", "settings", values),
      thing("redis/cache", "stream", "emails"),
      thing("redis/cache", "group", "emails/mailer"),
    ];
    const { document } = adopted(server(settings), { instances: ["cache"] });
    expect(document.redis).toEqual({ instances: { cache: { maxMemory: "256mb", streams: { emails: {} } } } });
    expect(() => parseSkill(document)).not.toThrow();
    expect(reasons(server({ ...settings, "maxmemory-policy": "allkeys-lru" }), { instances: ["cache"] })).toEqual([
      "redis instance cache: its maxmemory-policy is allkeys-lru: a skill's is noeviction, always",
    ]);
  });
});

describe("the document", () => {
  it("is added to the skill that the environment has, which stays as it is", () => {
    const base = {
      name: "mine",
      version: "2.0.0",
      apps: {},
      rabbitmq: { vhost: "v", queues: { orders: { maxLength: 5 } } },
    };
    const { document } = adopted([queue("orders"), queue("more")], { base });
    expect(document).toMatchObject({ name: "mine", rabbitmq: { queues: { orders: { maxLength: 5 }, more: {} } } });
    expect(merge({ a: { b: 1 } }, { a: { b: 2, c: 3 } })).toEqual({ a: { b: 1, c: 3 } });
  });

  it("loses one entry by its path", () => {
    expect(pathOf('rabbitmq.queues["a.b"].bindings[1].routingKey')).toEqual([
      "rabbitmq",
      "queues",
      "a.b",
      "bindings",
      "1",
      "routingKey",
    ]);
    expect(without({ a: { b: [1, 2], c: 3 } }, ["a", "b", "0"])).toEqual({ a: { b: [2], c: 3 } });
    expect(without({ a: { b: 1 } }, ["x", "y"])).toEqual({ a: { b: 1 } });
  });

  it("is written as YAML that reads as the same skill, with what it does not say above it", () => {
    const { document } = adopted([queue("orders")]);
    const text = toYaml({ document, leftOut: [{ what: "rabbitmq queue x", reason: "it is\nnot durable" }] });
    expect(text).toContain("# left out: rabbitmq queue x: it is\\u000anot durable\n");
    expect(parseSkillText(text)).toEqual(parseSkill(document));
  });

  it("writes durations and sizes in the largest whole unit", () => {
    expect([604_800_000, 5_400_000, 45_000, 1_500].map(toDuration)).toEqual(["7d", "90m", "45s", "1500ms"]);
    expect([268_435_456, 2 ** 31, 0, 1000].map(toSize)).toEqual(["256mb", "2gb", undefined, undefined]);
  });
});

const entry = (name: string, more: Partial<ImportEntry>): ImportEntry => ({ type: "t", name, ...more });
const urn = (type: string, name: string) => `urn:pulumi:e::messaging::${type}::${name}`;

describe("what the program would make and is there", () => {
  const planned = {
    type: "rabbitmq:index/queue:Queue",
    urn: urn("messaging:index:Messaging$messaging:rabbitmq:DurableQueue$rabbitmq:index/queue:Queue", "orders"),
    parent: urn("messaging:index:Messaging$messaging:rabbitmq:DurableQueue", "orders"),
    inputs: {
      name: "orders",
      vhost: "v",
      settings: { durable: true, autoDelete: false, argumentsJson: '{"x-queue-type":"quorum"}' },
    },
  };

  it("is found by its id, whatever policy holds for it", async () => {
    expect(await matchOf(planned, [queue("orders", { policy: "theirs" })])).toEqual({ id: "orders@v", changes: [] });
    expect(await matchOf(planned, [queue("other")])).toBeUndefined();
  });

  it("conflicts where it is something else", async () => {
    const found = await matchOf(planned, [queue("orders", { arguments: '{"x-queue-type":"classic"}' })]);
    expect(found?.changes).toMatchObject([{ property: "arguments" }]);
    expect(ownerOf(planned)).toEqual(["rabbitmq", "queues", "orders"]);
  });

  it("does not conflict where a topic only does not say what holds for it", async () => {
    const topic = {
      type: "kafka:index/topic:Topic",
      urn: urn("kafka:index/topic:Topic", "a"),
      inputs: {
        name: "a",
        partitions: 1,
        replicationFactor: 1,
        config: { "min.insync.replicas": "1", "retention.ms": "5" },
      },
    };
    const live = (retention: string) =>
      thing(
        "kafka",
        "topic",
        "a",
        { partitions: 1, replicationFactor: 1, "retention.ms": retention },
        { defaults: { "min.insync.replicas": "1" } },
      );
    expect(await matchOf(topic, [live("5")])).toEqual({ id: "a", changes: [] });
    expect((await matchOf(topic, [live("6")]))?.changes).toMatchObject([{ property: "retention.ms" }]);
  });

  it("becomes Pulumi's import file, with the components and the provider that it needs and no others", () => {
    const orders = entry("orders", { parent: "component", provider: "provider" });
    const file = {
      resources: [
        entry("root", { component: true }),
        entry("component", { component: true, parent: "root" }),
        entry("unused", { component: true, parent: "root" }),
        entry("provider", { type: "pulumi:providers:rabbitmq" }),
        orders,
        entry("new", { parent: "unused", provider: "provider" }),
      ],
    };
    const { resources } = importFileOf(file, new Map([[orders, "orders@v"]]));
    expect(resources.map(({ name, id }) => `${name} ${id}`)).toEqual([
      "root undefined",
      "component undefined",
      "provider undefined",
      "orders orders@v",
    ]);
  });

  it("is not imported where its provider is a child of a component, which Pulumi writes wrongly", () => {
    const settings = entry("cache", { provider: "redis" });
    const provider = (more: Partial<ImportEntry>) =>
      entry("redis", { type: "pulumi:providers:messaging-extras", ...more });
    expect(isImportable(settings, { resources: [provider({}), settings] })).toBe(true);
    expect(isImportable(settings, { resources: [provider({ parent: "component" }), settings] })).toBe(false);
  });

  it("is corrected in the state, so that a queue's arguments are said as the program says them", () => {
    const imported = {
      ...planned,
      id: "orders@v",
      inputs: {
        ...planned.inputs,
        settings: { __defaults: [], durable: true, arguments: { __defaults: [], "x-queue-type": "quorum" } },
      },
      outputs: { settings: { arguments: { "x-queue-type": "quorum" } } },
    };
    const { resources } = asDeclared({ resources: [imported, { ...planned, id: "orders@v" }] });
    expect(resources![0]!.inputs!.settings).toEqual({ __defaults: [], ...planned.inputs.settings });
    expect(resources![0]!.outputs).toEqual(planned.inputs);
    expect(resources![1]).toEqual({ ...planned, id: "orders@v" });
  });

  it("has a binding's arguments as the program writes them, their types included", () => {
    const inputs = { vhost: "v", source: "by-header", destination: "log", destinationType: "queue", routingKey: "" };
    const said = '{"n":3,"x-match":"all"}';
    // As the provider reads them: where one is no text, none.
    for (const given of [{ arguments: { n: "3", "x-match": "all" } }, {}]) {
      const imported = {
        type: "rabbitmq:index/binding:Binding",
        urn: urn("rabbitmq:index/binding:Binding", `log/by-header//${said}`),
        inputs: { ...inputs, ...given },
        outputs: { ...inputs, ...given, propertiesKey: "~abc", __pulumi_raw_state_delta: { obj: {} } },
      };
      const [resource] = asDeclared({ resources: [imported] }).resources!;
      expect(resource!.inputs).toEqual({ ...inputs, argumentsJson: said });
      expect(resource!.outputs).toEqual({ ...inputs, argumentsJson: said, propertiesKey: "~abc" });
    }
    const plain = { type: "rabbitmq:index/binding:Binding", urn: urn("b", "log/by-header/"), inputs, outputs: inputs };
    expect(asDeclared({ resources: [plain] }).resources).toEqual([plain]);
  });
});

describe("the access of an external environment", () => {
  it("is what its configuration says", () => {
    const environment = parseEnvironment({
      brokers: "external",
      rabbitmq: { endpoint: "http://r:15672", username: "admin" },
      kafka: { bootstrapServers: ["k:9092"], username: "admin", saslMechanism: "plain", tls: false },
      aws: { region: "eu-central-1" },
      redis: { provision: "external", servers: { cache: { host: "c" } } },
    });
    const access = accessOf(environment, { rabbitmqPassword: "r", kafkaPassword: "k", redisPassword: "c" });
    expect(access).toMatchObject({
      rabbitmq: { managementUrl: "http://r:15672", username: "admin", password: "r" },
      kafka: {
        bootstrapServers: ["k:9092"],
        securityProtocol: "SASL_PLAINTEXT",
        saslMechanism: "PLAIN",
        password: "k",
      },
      sqs: { region: "eu-central-1" },
      redis: { cache: { host: "c", port: 6379, tls: true, username: "default", password: "c" } },
    });
  });
});
