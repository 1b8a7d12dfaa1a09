import { describe, expect, it } from "vitest";
import { rabbitmqMark } from "../../../client/rabbitmq/mark.ts";
import type { FormerRabbitmq } from "../../../components/former.ts";
import { toDestinations, toSubscriptions } from "../../../components/rabbitmq/access.ts";
import { formerPlaces, placesOf } from "../../../components/rabbitmq/former.ts";
import { declareFlows } from "../../../components/rabbitmq/index.ts";
import type { RabbitmqSkill } from "../../../skill/index.ts";
import { program, type Registered } from "../../mocks.ts";
import { rabbitmqOf, skillOf } from "./specs.ts";

const connection = { url: "amqp://127.0.0.1:5672", tls: false };
const operator = { managementUrl: "http://127.0.0.1:15672", username: "admin", password: "p" };
const exchanges = { events: { type: "topic" }, h: { type: "headers" } };
const orders = (queue: object) => ({ exchanges, queues: { orders: { producers: ["a"], ...queue } } });
const retried = (initialDelay: string) => ({ b: { retry: { maxAttempts: 2, initialDelay } } });
const key = (routingKey: string) => ({ bindings: [{ exchange: "events", routingKey }] });

const usesOf = (spec: RabbitmqSkill, app: string, version?: string) => ({
  publishes: toDestinations(spec, app),
  consumes: toSubscriptions(spec, app, version),
});
/** What of one skill is former in another, for an app. */
const formerOf = (before: object, after: object, app: string, versions: (string | undefined)[] = []) =>
  formerPlaces(rabbitmqOf(after), app, placesOf(usesOf(rabbitmqOf(before), app, versions[0])), versions[1]);
const none = { tiers: [], bindings: [] };

describe("what an app that runs with an earlier output still uses", () => {
  it("is the delay tier that its retry no longer has", () => {
    const [before, after] = ["3s", "2s"].map((delay) => orders({ consumers: retried(delay) }));
    expect(formerOf(before!, after!, "b")).toEqual({ tiers: [{ queue: "orders", delay: 3000 }], bindings: [] });
    expect(formerOf(before!, before!, "b")).toEqual(none);
  });

  it("is its tiers where the queue now delays retries itself", () => {
    const skill = orders({ consumers: retried("3s") });
    expect(formerOf(skill, skill, "b", [undefined, "4.3.1"]).tiers).toEqual([{ queue: "orders", delay: 3000 }]);
    expect(formerOf(skill, skill, "b", ["4.3.1", undefined])).toEqual(none);
  });

  it("is the binding by which it publishes, with its headers", () => {
    expect(formerOf(orders(key("x")), orders(key("y")), "a").bindings).toEqual([
      { queue: "orders", exchange: "events", routingKey: "x" },
    ]);
    expect(formerOf(orders({}), orders(key("y")), "a").bindings).toEqual([
      { queue: "orders", exchange: "messaging.work", routingKey: "orders" },
    ]);
    const headers = (kind: string) => orders({ bindings: [{ exchange: "h", arguments: { kind } }] });
    expect(formerOf(headers("one"), headers("two"), "a").bindings).toEqual([
      { queue: "orders", exchange: "h", routingKey: "", arguments: { kind: "one" } },
    ]);
  });

  it("is nothing of a flow that it was taken out of: its rights end at once", () => {
    const before = orders({ ...key("x"), consumers: retried("3s") });
    expect(formerOf(before, orders({ ...key("x"), consumers: { c: {} } }), "b")).toEqual(none);
    expect(formerOf(before, orders({ ...key("y"), producers: ["c"] }), "a")).toEqual(none);
    expect(formerOf(before, { exchanges, queues: { other: {} } }, "b")).toEqual(none);
  });

  it("is nothing behind an exchange that left the skill", () => {
    expect(formerOf(orders(key("x")), { queues: { orders: { producers: ["a"] } } }, "a")).toEqual(none);
  });
});

describe("the mark of an access", () => {
  it("is that of its places alone, in whatever order", () => {
    const mark = (queue: object) => rabbitmqMark(usesOf(rabbitmqOf(orders(queue)), "b"));
    const one = mark({ consumers: retried("3s") });
    expect(one).toMatch(/^[0-9a-f]{12}$/);
    expect(mark({ consumers: { b: { prefetch: 7, retry: { initialDelay: "3s", maxAttempts: 2 } } } })).toBe(one);
    expect(mark({ consumers: retried("2s") })).not.toBe(one);
  });
});

describe("former places", () => {
  const former: FormerRabbitmq[] = [
    {
      broker: "rabbitmq",
      app: "b",
      mark: "0",
      tiers: [{ queue: "orders", delay: 3000 }],
      bindings: [],
    },
    {
      broker: "rabbitmq",
      app: "a",
      mark: "0",
      tiers: [],
      bindings: [{ queue: "orders", exchange: "messaging.work", routingKey: "orders" }],
    },
  ];
  const skill = skillOf(orders({ ...key("y"), consumers: retried("2s") }));
  const made = (given: FormerRabbitmq[] = []) =>
    program(() => declareFlows({ skill, secret: "s", connection, operator, former: given }, {}));
  const names = (resources: Registered[]) => resources.map(({ type, name, parent }) => `${parent} > ${type} ${name}`);

  it("are declared under the names that they had, and nothing else is", async () => {
    const [now, kept] = [await made(), await made(former)];
    const plain = names(now.resources);
    expect(names(kept.resources).filter((name) => !plain.includes(name))).toEqual(
      [
        "shop > rabbitmq:index/exchange:Exchange shop/messaging.work",
        "undefined > messaging:rabbitmq:RetryTier messaging.retry.3000ms",
        "messaging.retry.3000ms > rabbitmq:index/exchange:Exchange messaging.retry.3000ms",
        "messaging.retry.3000ms > rabbitmq:index/policy:Policy messaging.retry.3000ms",
        "messaging.retry.3000ms > rabbitmq:index/queue:Queue messaging.retry.3000ms",
        "messaging.retry.3000ms > rabbitmq:index/binding:Binding messaging.retry.3000ms",
        "orders > rabbitmq:index/binding:Binding orders/messaging.work/orders",
      ].sort((one, other) => names(kept.resources).indexOf(one) - names(kept.resources).indexOf(other)),
    );
  });

  it("keep the rights of the app that used them, and of nobody else", async () => {
    const { resources } = await made(former);
    const rights = (app: string) =>
      resources.find(({ type, name }) => /:Permissions/.test(type) && name === app)!.inputs;
    expect(rights("b")).toMatchObject({
      permissions: { write: "^(?:messaging\\.dead-letter|messaging\\.retry\\.2000ms|messaging\\.retry\\.3000ms)$" },
    });
    expect(rights("a")).toMatchObject({ permissions: { write: "^(?:events|messaging\\.work)$" } });
  });

  it("stand in the summary with the reason", async () => {
    const { outputs } = await made(former);
    expect(
      outputs!.summary.filter(({ detail }) => detail.includes("former")).map(({ name, detail }) => [name, detail]),
    ).toEqual([
      ["messaging.retry.3000ms", "3000 ms, former: kept while b may run with an earlier output"],
      ["messaging.work -> orders orders", "former: kept while a may run with an earlier output"],
    ]);
  });
});
