import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { linesOf, type Refusal } from "./refusals.ts";

const good = parse("{ name: shop, version: 2.0.0, apps: { orders: {} } }");

const refusals: Refusal[] = [
  [
    "is declared where it publishes to a RabbitMQ queue",
    "rabbitmq: { queues: { q: { producers: [order] } } }",
    ['rabbitmq.queues.q.producers[0]: must name an app that apps declares, got "order" (did you mean orders?)'],
  ],
  [
    "is declared where it consumes a RabbitMQ queue",
    "rabbitmq: { queues: { q: { consumers: { billing: {} } } } }",
    ['rabbitmq.queues.q.consumers.billing: must name an app that apps declares, got "billing"'],
  ],
  [
    "is declared where it produces to a topic",
    "kafka: { topics: { t: { producers: [billing] } } }",
    ['kafka.topics.t.producers[0]: must name an app that apps declares, got "billing"'],
  ],
  [
    "is declared where it is a consumer group",
    "kafka: { topics: { t: { consumers: { g: { app: billing } } } } }",
    ['kafka.topics.t.consumers.g.app: must name an app that apps declares, got "billing"'],
  ],
  [
    "is declared where it has a quota",
    "kafka: { topics: { t: { producers: [orders], quotas: { billing: { producerByteRate: 1 } } } } }",
    ['kafka.topics.t.quotas.billing: must name an app that apps declares, got "billing"'],
  ],
  [
    "is declared where it uses an SQS queue",
    "sqs: { queues: { p: { producers: [x], consumers: [y] } } }",
    [
      'sqs.queues.p.producers[0]: must name an app that apps declares, got "x"',
      'sqs.queues.p.consumers[0]: must name an app that apps declares, got "y"',
    ],
  ],
  [
    "is declared where it uses a Redis instance",
    "redis: { instances: { i: { channels: { c: { publishers: [p], subscribers: [s] } }, streams: { s: { producers: [x], consumers: { g: { app: y } } } }, keys: { k: [z] } } } }",
    [
      'redis.instances.i.channels.c.publishers[0]: must name an app that apps declares, got "p"',
      'redis.instances.i.channels.c.subscribers[0]: must name an app that apps declares, got "s"',
      'redis.instances.i.streams.s.producers[0]: must name an app that apps declares, got "x"',
      'redis.instances.i.streams.s.consumers.g.app: must name an app that apps declares, got "y"',
      'redis.instances.i.keys.k[0]: must name an app that apps declares, got "z"',
    ],
  ],
  [
    "is declared as itself, not as what every object has",
    "sqs: { queues: { p: { producers: [toString, constructor] } } }",
    [
      'sqs.queues.p.producers[0]: must name an app that apps declares, got "toString"',
      'sqs.queues.p.producers[1]: must name an app that apps declares, got "constructor"',
    ],
  ],
  [
    "is named once in a list",
    "sqs: { queues: { p: { producers: [orders, orders], consumers: [orders] } } }",
    ['sqs.queues.p.producers[1]: must name each app once, got "orders"'],
  ],
  [
    "is a string",
    "sqs: { queues: { p: { producers: [5] } } }",
    ["sqs.queues.p.producers[0]: must be the name of an app, got 5"],
  ],
  [
    "stands in a list",
    "sqs: { queues: { p: { producers: orders } } }",
    ['sqs.queues.p.producers: must be a list of apps, got "orders"'],
  ],
  [
    "is not doubted while apps itself is no map",
    "{ apps: 5, sqs: { queues: { p: { producers: [orders] } } } }",
    ["apps: must be a map, got 5"],
  ],
  [
    "is known although its own declaration is wrong",
    "{ apps: { orders: 5 }, sqs: { queues: { p: { producers: [orders] } } } }",
    ["apps.orders: must be a map, got 5"],
  ],
];

describe("an app that a flow names", () => {
  it("has a good skill to start from", () => {
    expect(linesOf(good)).toEqual([]);
  });

  it.each(refusals)("%s", (_, patch, lines) => {
    expect(linesOf(good, patch)).toEqual(lines);
  });
});
