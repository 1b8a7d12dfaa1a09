import { describe, expect, it } from "vitest";
import type { RabbitmqDestination, RabbitmqSubscription } from "../../../client/access.ts";
import type { RabbitmqDeadLetters } from "../../../client/operator.ts";
import { passwordFrom } from "../../../components/password.ts";
import { toDestinations, toSubscriptions } from "../../../components/rabbitmq/access.ts";
import { toDeadLetters } from "../../../components/rabbitmq/flows.ts";
import { declareFlows } from "../../../components/rabbitmq/index.ts";
import type { Skill } from "../../../skill/index.ts";
import { program, type Registered, resolve, secret } from "../../mocks.ts";
import { skillOf } from "./specs.ts";

const connection = { url: "amqp://127.0.0.1:5672", tls: false };
const operator = { managementUrl: "http://127.0.0.1:15672", username: "admin", password: "p" };
const declared = (skill: Skill, version?: string) =>
  program(() => declareFlows({ skill, secret: "s", connection: { ...connection, version }, operator }, {}));
const kinds = (resources: Registered[]) => {
  const counts: Record<string, number> = {};
  for (const { type } of resources) {
    const kind = type.split(":").at(-1)!;
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
};

const orders = {
  exchanges: { events: { type: "topic" } },
  queues: {
    orders: {
      producers: ["a"],
      consumers: { b: { prefetch: 1 } },
      bindings: [{ exchange: "events", routingKey: "order.*" }],
    },
  },
};

describe("declareFlows of RabbitMQ", () => {
  it("declares nothing where the skill has no RabbitMQ part", async () => {
    const { outputs, resources } = await declared({ ...skillOf({}), rabbitmq: undefined });
    expect([outputs, resources]).toEqual([{ apps: {}, summary: [] }, []]);
  });

  it("gives a producer its exchange and keys, and a consumer its queue and settings", async () => {
    const { outputs } = await program(() => {
      const { apps } = declareFlows({ skill: skillOf(orders), secret: "s", connection, operator }, {});
      return resolve(apps);
    });
    const common = (app: string) => ({
      url: "amqp://127.0.0.1:5672",
      tls: false,
      vhost: "shop",
      username: app,
      password: passwordFrom("s", `rabbitmq/${app}`),
    });
    expect(outputs?.isSecret).toBe(true);
    expect(outputs?.value).toEqual({
      a: {
        ...common("a"),
        publishes: { orders: [{ exchange: "events", routingKeys: ["order.*"] }] },
        consumes: {},
      },
      b: {
        ...common("b"),
        publishes: {},
        consumes: {
          orders: {
            queue: "orders",
            prefetch: 1,
            ack: "manual",
            maxAttempts: 3,
            retries: [
              { delay: 1000, place: "messaging.retry.1000ms" },
              { delay: 2000, place: "messaging.retry.2000ms" },
            ],
            deadLetterExchange: "messaging.dead-letter",
            deadLetterQueue: "orders.dlq",
            retry: { maxAttempts: 3, backoff: "exponential", initialDelay: "1s", maxDelay: "5m" },
          },
        },
      },
    });
  });

  it("tells a producer the headers of a headers exchange", async () => {
    const queue = { producers: ["a"], bindings: [{ exchange: "h", arguments: { kind: "bill" } }, { exchange: "h" }] };
    const { outputs } = await declared(skillOf({ exchanges: { h: { type: "headers" } }, queues: { bills: queue } }));
    const { publishes } = outputs!.apps.a as { publishes: unknown };
    expect(publishes).toEqual({
      bills: [{ exchange: "h", routingKeys: [""], headers: [{ kind: "bill" }] }],
    });
  });

  it("sums up in plain rows", async () => {
    const { outputs } = await declared(skillOf(orders));
    expect(outputs?.summary).toEqual([
      { broker: "rabbitmq", kind: "vhost", name: "shop", detail: "" },
      { broker: "rabbitmq", kind: "exchange", name: "events", detail: "topic" },
      { broker: "rabbitmq", kind: "exchange", name: "messaging.dead-letter", detail: "topic" },
      { broker: "rabbitmq", kind: "delay tier", name: "messaging.retry.1000ms", detail: "1000 ms" },
      { broker: "rabbitmq", kind: "delay tier", name: "messaging.retry.2000ms", detail: "2000 ms" },
      { broker: "rabbitmq", kind: "queue", name: "orders", detail: "quorum, from events order.*" },
      { broker: "rabbitmq", kind: "dead-letter queue", name: "orders.dlq", detail: "keeps 14d" },
    ]);
  });

  it("changes only an app's own resources when the app is renamed", async () => {
    const renamed = structuredClone(orders) as { queues: { orders: { consumers: object } } };
    renamed.queues.orders.consumers = { c: { prefetch: 1 } };
    const of = async (rabbitmq: object) =>
      (await declared(skillOf(rabbitmq))).resources.map(({ urn, inputs }) => JSON.stringify([urn, inputs]));
    const [before, after] = [await of(orders), await of(renamed)];
    const own = (all: string[], others: string[]) => all.filter((one) => !others.includes(one));
    expect(own(before, after).map((one) => JSON.parse(one)[0].split("::").at(-1))).toEqual(Array(5).fill("b"));
    expect(own(after, before).map((one) => JSON.parse(one)[0].split("::").at(-1))).toEqual(Array(5).fill("c"));
  });

  it("needs seven resources a queue with its component, five an app, and five a delay tier of the whole vhost", async () => {
    const queues = Object.fromEntries(
      Array.from({ length: 50 }, (_, at) => [`q${at}`, { producers: ["a"], consumers: { b: {} } }]),
    );
    const { resources } = await declared(skillOf({ queues }));
    expect(kinds(resources)).toEqual({
      VirtualHost: 1,
      VHost: 1,
      Exchange: 4,
      RetryTier: 2,
      DurableQueue: 50,
      Queue: 102,
      Policy: 102,
      Binding: 102,
      RabbitmqApp: 2,
      User: 2,
      Permissions: 2,
      TopicPermissions: 4,
    });
  });

  it("needs no tier where the queue delays retries itself, and says so to its consumers", async () => {
    const { outputs, resources } = await declared(skillOf(orders), "4.3.1");
    expect(kinds(resources)).not.toHaveProperty("RetryTier");
    const { consumes } = outputs!.apps.b as { consumes: Record<string, object> };
    expect(consumes.orders).toMatchObject({ maxAttempts: 3, nativeDelays: [1000, 2000] });
    expect(consumes.orders).not.toHaveProperty("retries");
    expect(outputs!.summary.find(({ kind }) => kind === "queue")?.detail).toBe(
      "quorum, from events order.*, delays retries itself: 1000, 2000 ms",
    );
  });

  it("tells the operator where dead letters are", async () => {
    const { outputs } = await program(() => {
      const made = declareFlows({ skill: skillOf(orders), secret: "s", connection, operator }, {});
      return resolve(made.operator);
    });
    expect(outputs?.value).toEqual({
      ...operator,
      url: "amqp://127.0.0.1:5672",
      vhost: "shop",
      deadLetterExchange: "messaging.dead-letter",
      deadLetters: [{ flow: "rabbitmq/orders", queue: "orders", deadLetterQueue: "orders.dlq" }],
    });
  });

  it("gives apps what their clients take", () => {
    const spec = skillOf(orders).rabbitmq!;
    const consumes: Record<string, RabbitmqSubscription> = toSubscriptions(spec, "b");
    const publishes: Record<string, RabbitmqDestination[]> = toDestinations(spec, "a");
    const deadLetters: RabbitmqDeadLetters[] = toDeadLetters(spec);
    expect([Object.keys(consumes), Object.keys(publishes), deadLetters.length]).toEqual([["orders"], ["orders"], 1]);
  });

  it("puts no password in the clear", async () => {
    const { resources } = await declared(skillOf(orders));
    const passwords = resources.flatMap(({ type, inputs }) => (type.endsWith(":User") ? [inputs.password] : []));
    expect(passwords).toEqual([secret(passwordFrom("s", "rabbitmq/a")), secret(passwordFrom("s", "rabbitmq/b"))]);
  });
});
