import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { BROKERS } from "../../../cli/invoke/brokers.ts";
import { notesOn, refusalOf } from "../../../cli/invoke/cannot.ts";
import { diffOf, stanzaText, withAdded } from "../../../cli/invoke/file.ts";
import { planOf } from "../../../cli/invoke/plan.ts";
import { partitionsFor, rateIn } from "../../../cli/invoke/stanzas/kafka.ts";
import type { Document } from "../../../cli/invoke/stanzas/stanza.ts";
import { subjectOf } from "../../../cli/invoke/subject.ts";
import { parseSkill, parseSkillText } from "../../../skill/index.ts";

const EXAMPLE = readFileSync(new URL("../../../skill.yaml", import.meta.url), "utf8");
const EMPTY = "name: shop\nversion: 2.0.0\n";

function proposed(query: string, text = EMPTY): string {
  const { added, comments } = planOf(query, parse(text));
  return stanzaText(added, comments);
}

describe("planOf", () => {
  it("gives microservices a topic exchange and each a queue of its own", () => {
    expect(proposed("Set up RabbitMQ for my microservices")).toMatchInlineSnapshot(`
      "apps:
        api: {}
        worker: {}
      rabbitmq:
        exchanges:
          services: { type: topic } # routing key <service>.<what>, such as api.do-something: senders know no queues
        queues:
          api:
            type: quorum # a copy on every node; a confirmed message outlives any one of them
            producers: [worker]
            consumers:
              api:
                prefetch: 20 # unacknowledged at a time; lower it where the work is slow
            bindings: [{ exchange: services, routingKey: "api.#" }]
            retry: { maxAttempts: 5, backoff: exponential, initialDelay: 1s, maxDelay: 1m } # comes back after 1, 2, 4 and 8 s, then ends in api.dlq
            deadLetter: { retention: 14d }
            maxLength: 360000 # full: publishing is refused and nothing is dropped, so producers notice
          worker:
            type: quorum
            producers: [api]
            consumers: { worker: { prefetch: 20 } }
            bindings: [{ exchange: services, routingKey: "worker.#" }]
            retry: { maxAttempts: 5, backoff: exponential, initialDelay: 1s, maxDelay: 1m }
            deadLetter: { retention: 14d }
            maxLength: 360000"
    `);
  });

  it("takes the skill's apps for the microservices that a query does not name", () => {
    const { rabbitmq } = planOf("Set up RabbitMQ for my microservices", parse(EXAMPLE)).skill;
    expect(Object.keys(rabbitmq!.queues)).toEqual([
      "orders",
      "order-service",
      "fulfilment",
      "notification-service",
      "payment-service",
    ]);
  });

  it("gives order events a key and each consumer a group of its own, in order", () => {
    expect(proposed("Implement event-driven order processing", EXAMPLE)).toMatchInlineSnapshot(`
      "kafka:
        topics:
          orders:
            partitions: 12 # as many instances of a group may work at once; more cannot be had later without moving keys
            replicationFactor: 3
            key: order id # all that happens to one order stays in order
            retention: 7d # so long a consumer may be down, or read it all again
            config:
              min.insync.replicas: 2 # with 3 copies: a confirmed record is on two, and one broker may be away
              compression.type: zstd
            producers: [order-service]
            consumers:
              payment-service:
                app: payment-service
                autoOffsetReset: earliest
                ordered: true # what failed is tried again in place, 1, 2 and 4 s later; its partition waits, so that no order is overtaken
                retry: { maxAttempts: 4, backoff: exponential, initialDelay: 1s, maxDelay: 30s }
              fulfilment:
                app: fulfilment
                autoOffsetReset: earliest
                ordered: true
                retry: { maxAttempts: 4, backoff: exponential, initialDelay: 1s, maxDelay: 30s }
              notification-service:
                app: notification-service
                autoOffsetReset: earliest
                ordered: true
                retry: { maxAttempts: 4, backoff: exponential, initialDelay: 1s, maxDelay: 30s }
            deadLetter: { retention: 14d }"
    `);
  });

  it("gives high throughput partitions, compression, one retry topic and quotas", () => {
    expect(proposed("Configure Kafka for high-throughput messaging")).toMatchInlineSnapshot(`
      "apps:
        events-producer: {}
        events-consumer: {}
      kafka:
        topics:
          events:
            partitions: 24 # as many consumers of a group work at once; they may grow, as no order by key is promised
            replicationFactor: 3
            retention: 3d # a weekend; it is the disk that high throughput fills
            config:
              min.insync.replicas: 2 # with 3 copies: a confirmed record is on two, and one broker may be away
              compression.type: zstd # let producers compress by zstd too: then the broker stores batches as they come
            producers: [events-producer]
            consumers:
              events-consumer:
                app: events-consumer
                autoOffsetReset: earliest
                retry: { maxAttempts: 3, backoff: fixed, initialDelay: 5s, maxDelay: 5s } # one delay is one retry topic a group, and not one for each attempt
            deadLetter: { retention: 14d }
            quotas:
              events-producer:
                producerByteRate: 52428800 # 50 MiB/s to each broker: one app that runs wild does not starve the others
              events-consumer: { consumerByteRate: 157286400 }"
    `);
  });

  it("gives each event consumer on RabbitMQ a queue of its own", () => {
    expect(
      proposed("RabbitMQ for order events of the shop service to the billing and crm services"),
    ).toMatchInlineSnapshot(`
      "apps:
        shop-service: {}
        billing-service: {}
        crm-service: {}
      rabbitmq:
        exchanges:
          order-events: { type: topic } # routing key order.<what happened>, such as order.created
        queues:
          billing-service-orders:
            type: quorum # a copy on every node; a confirmed message outlives any one of them
            producers: [shop-service]
            consumers:
              billing-service:
                prefetch: 20 # unacknowledged at a time; lower it where the work is slow
            bindings: [{ exchange: order-events, routingKey: "order.#" }]
            retry: { maxAttempts: 5, backoff: exponential, initialDelay: 1s, maxDelay: 1m } # comes back after 1, 2, 4 and 8 s, then ends in billing-service-orders.dlq
            deadLetter: { retention: 14d }
            maxLength: 360000 # full: publishing is refused and nothing is dropped, so producers notice
          crm-service-orders:
            type: quorum
            producers: [shop-service]
            consumers: { crm-service: { prefetch: 20 } }
            bindings: [{ exchange: order-events, routingKey: "order.#" }]
            retry: { maxAttempts: 5, backoff: exponential, initialDelay: 1s, maxDelay: 1m }
            deadLetter: { retention: 14d }
            maxLength: 360000"
    `);
  });

  it("gives RPC two queues", () => {
    expect(proposed("RPC between web and pricing services")).toMatchInlineSnapshot(`
      "apps:
        web-service: {}
        pricing-service: {}
      rabbitmq:
        queues:
          prices-requests:
            type: quorum
            producers: [web-service]
            consumers: { pricing-service: { prefetch: 10 } }
            retry: { maxAttempts: 2, backoff: fixed, initialDelay: 1s, maxDelay: 1s } # once more: whoever waits has given up by then
            deadLetter: { retention: 1d }
            maxLength: 10000 # callers that wait are told at once that there are too many
          prices-replies:
            type: quorum
            producers: [pricing-service] # a reply bears its request's correlation id in a header
            consumers: { web-service: { prefetch: 10 } }
            retry: { maxAttempts: 2, backoff: fixed, initialDelay: 1s, maxDelay: 1s }
            deadLetter: { retention: 1d }
            maxLength: 10000"
    `);
  });

  it("gives a Lambda six times its timeout", () => {
    expect(proposed("trigger a Lambda for every upload")).toMatchInlineSnapshot(`
      "apps:
        document-service: {}
        document-worker: {}
      sqs:
        queues:
          documents:
            contentBasedDeduplication: true # the same body within five minutes is one message
            highThroughput: false # true where one queue must pass more than 300 calls a second
            visibilityTimeout: 180s # six times the function's timeout (30 s), as AWS asks for; also the delay of a retry
            retention: 4d
            onPoison: deadLetter
            producers: [document-service]
            consumers: [document-worker]
            retry: { maxAttempts: 5 } # five, as AWS asks for of a function's queue; then the dead-letter queue"
    `);
  });

  it("gives fan-out channels, and a stream beside them where nothing may be lost", () => {
    expect(proposed("real-time fan-out of prices")).toMatchInlineSnapshot(`
      "apps:
        price-service: {}
        price-processor: {}
      redis:
        instances:
          prices:
            engine: redis
            maxMemory: 256mb # full, it refuses to write and evicts nothing; Pub/Sub itself takes none of it
            channels:
              "prices:*": { publishers: [price-service], subscribers: [price-processor] } # one channel for each price; who is not listening misses the message"
    `);
    expect(proposed("real-time fan-out of prices, guaranteed")).toContain("streams:");
  });

  it("keeps its names apart from those that the skill has, and changes nothing of it", () => {
    let text = EXAMPLE;
    for (const query of ["a queue of orders", "a queue of orders", "order events on Kafka", "order events on Kafka"]) {
      const { added, comments, document } = planOf(query, parse(text), query.includes("Kafka") ? "kafka" : "rabbitmq");
      const next = withAdded(text, added, comments);
      expect(parse(next)).toEqual(document);
      expect(
        diffOf("skill.yaml", text, next)
          .split("\n")
          .filter((line) => /^-(?!--)/.test(line)),
      ).toEqual([]);
      text = next;
    }
    const { rabbitmq, kafka } = parseSkillText(text);
    expect([Object.keys(rabbitmq!.queues), Object.keys(kafka!.topics)]).toEqual([
      ["orders", "orders-2", "orders-3"],
      ["user-events", "orders", "orders-2"],
    ]);
  });

  it("leaves out a quota of an app that has another one already, and says so", () => {
    const { added, advice } = planOf("order-service sends 100k messages per second to Kafka", parse(EXAMPLE));
    expect(JSON.stringify(added)).not.toContain("producerByteRate");
    expect(advice.at(-1)).toBe(
      "order-service has a quota on another topic, and Kafka counts for the user: raise that one (kafka.topics.user-events.quotas) to what both need.",
    );
  });

  it("gives the same for the same query, and never crashes: whatever it is asked, the skill parses", () => {
    const words = fc.constantFrom(
      ..."kafka rabbitmq sqs redis order orders queue called named \" ' ` services between and to from , : rpc lambda events constructor __proto__ toString prototype messaging amq. 100k messages/s high-throughput cache stream must not be lost compacted microservices a b - . default guest".split(
        " ",
      ),
    );
    const query = fc.oneof(
      fc.string({ unit: "binary", minLength: 5, maxLength: 120 }),
      fc.string({ unit: "grapheme", minLength: 5, maxLength: 120 }),
      fc.array(words, { minLength: 2, maxLength: 25 }).map((all) => all.join(" ")),
      fc
        .array(fc.oneof(words, fc.string({ unit: "binary", maxLength: 6 })), { minLength: 2, maxLength: 25 })
        .map((all) => all.join(" ")),
    );
    fc.assert(
      fc.property(
        query,
        fc.option(fc.constantFrom(...BROKERS), { nil: undefined }),
        fc.constantFrom(EMPTY, EXAMPLE),
        (asked, broker, text) => {
          const before = parse(text) as Document;
          const plan = planOf(asked, before, broker);
          const next = withAdded(text, plan.added, plan.comments);
          expect(parseSkillText(next)).toEqual(plan.skill);
          expect(parseSkill(plan.document)).toEqual(plan.skill);
          expect(planOf(asked, before, broker).added).toEqual(plan.added);
          refusalOf(asked);
          notesOn(asked);
        },
      ),
      { numRuns: Number(process.env.RUNS ?? 150) },
    );
  }, 60_000);
});

describe("withAdded", () => {
  it("puts lines behind what is there, with its comments, indentation and line ends", () => {
    const text = "name: shop # mine\r\nversion: 2.0.0\r\napps:\r\n    a: {} # first\r\n\r\n# the end\r\n";
    expect(withAdded(text, { apps: { b: {} }, kafka: { topics: { t: {} } } }, {})).toBe(
      "name: shop # mine\r\nversion: 2.0.0\r\napps:\r\n    a: {} # first\r\n    b: {}\r\nkafka:\r\n  topics: { t: {} }\r\n\r\n# the end\r\n".replace(
        "kafka:\r\n  topics: { t: {} }\r\n\r\n# the end\r\n",
        "kafka:\r\n  topics:\r\n    t: {}\r\n\r\n# the end\r\n",
      ),
    );
  });

  it("writes the file anew where a map is on one line, and keeps its comments", () => {
    const text = "name: shop # mine\nversion: 2.0.0\napps: {} # none\nkafka: { topics: { t: {} } }";
    expect(withAdded(text, { apps: { b: {} }, kafka: { topics: { u: {} } } }, {})).toMatchInlineSnapshot(`
      "name: shop # mine
      version: 2.0.0
      apps:
        b: {}
        # none
      kafka:
        topics:
          t: {}
          u: {}
      "
    `);
  });

  it("refuses a place that is an alias", () => {
    const text = "name: shop\nversion: 2.0.0\napps: &a { b: {} }\nx: *a\n";
    expect(() => withAdded(text, { x: { c: {} } }, {})).toThrow(
      "skill.yaml: x must be written out as a map, got an alias",
    );
  });
});

describe("what is read of a query", () => {
  it.each([
    ["order processing", "orders"],
    ["a queue called Invoice Runs", "invoice"],
    ["a queue named `invoice-runs`", "invoice-runs"],
    ["thumbnail jobs", "images"],
    ["widget jobs", "widgets"],
    ["user activity into the lake", "activities"],
    ["set up a queue", "fallback"],
    ["warteschlange für größe events", "fallback"],
  ])("%s is about %s", (query, plural) => {
    expect(subjectOf(query, "fallback").plural).toBe(plural);
  });

  it.each([
    ["100k messages per second", 100_000, 60],
    ["1,500 events/s", 1_500, 12],
    ["2 million records per second", 2_000_000, 120],
    ["50 messages", undefined, undefined],
  ])("%s is %s messages a second, in %s partitions", (text, rate, partitions) => {
    expect(rateIn(text)).toBe(rate);
    if (rate !== undefined) expect(partitionsFor(rate)).toBe(partitions);
  });
});

describe("what the product does not do", () => {
  it.each([
    [
      "delete the queue orders",
      "ask for something to be added, as invoke takes nothing away: remove it from skill.yaml and run `npx pulumi preview`, which refuses what would lose messages",
    ],
    [
      "why is my consumer slow?",
      "ask for something to be added, as what is wrong with a live environment is told by `npx messaging doctor`",
    ],
    [
      "redrive the dead letters of orders",
      "ask for something to be added, as dead letters are put back by `npx messaging dlq redrive <flow>`",
    ],
    [
      "set up NATS for events",
      "be for RabbitMQ, Kafka, SQS or Redis, as NATS is not provisioned here; name one of these, or say what it is for",
    ],
  ])("refuses %s", (query, rule) => {
    expect(refusalOf(query)).toBe(rule);
  });

  it.each([
    "move from NATS to Kafka",
    "a dead letter queue for orders",
    "drop shipping orders",
    "fix up a queue for reports",
  ])("does not refuse %s", (query) => {
    expect(refusalOf(query)).toBeUndefined();
  });

  it("says what is asked for beside what is proposed", () => {
    expect(
      notesOn("exactly-once priority queue with scheduled messages over MQTT and avro").map(
        (note) => note.split(/[:.]/)[0],
      ),
    ).toMatchInlineSnapshot(`
      [
        "Exactly once is not promised",
        "Priorities are not made",
        "Messages are not scheduled",
        "Browsers and devices are not connected by this",
        "Message schemas are not kept here",
      ]
    `);
    expect(notesOn("a work queue for emails")).toEqual([]);
  });
});
