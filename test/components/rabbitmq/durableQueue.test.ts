import { describe, expect, it } from "vitest";
import { DurableQueue } from "../../../components/rabbitmq/index.ts";
import { toDeadLetterQueuePolicy, toWorkQueuePolicy } from "../../../components/rabbitmq/policy.ts";
import { registered } from "../../mocks.ts";
import { conformance } from "../conformance.ts";
import { queueOf } from "./specs.ts";

const exchanges = {
  events: "events",
  h: "h",
  "messaging.work": "messaging.work",
  "messaging.dead-letter": "messaging.dead-letter",
};

const made = (queue: ReturnType<typeof queueOf>) =>
  registered(() => new DurableQueue("orders", { spec: queue, vhost: "shop", exchanges }));

/** The children's kind, name and inputs, in the order of the first two: they are made at once. */
const children = async (queue: ReturnType<typeof queueOf>) =>
  (await made(queue))
    .slice(1)
    .map(({ type, name, inputs }) => [type.split(":").at(-1)!, name, inputs] as const)
    .sort(([...a], [...b]) => (`${a[0]} ${a[1]}` < `${b[0]} ${b[1]}` ? -1 : 1));

const queueOnBroker = (name: string, type: string) => ({
  name,
  vhost: "shop",
  settings: { durable: true, autoDelete: false, argumentsJson: `{"x-queue-type":"${type}"}` },
});

describe("DurableQueue", () => {
  conformance({
    token: "messaging:rabbitmq:DurableQueue",
    make: (name, opts) => new DurableQueue(name, { spec: queueOf({}), vhost: "shop", exchanges }, opts),
    outputs: ["queue", "deadLetterQueue"],
  });

  it("makes a work queue, its dead-letter queue, a policy each and their bindings", async () => {
    const spec = queueOf({ maxLength: 10 });
    const binding = { vhost: "shop", destinationType: "queue", routingKey: "orders" };
    const policy = (name: string, policy: object | undefined) => ["Policy", name, { name, vhost: "shop", policy }];
    expect(await children(spec)).toEqual([
      ["Binding", "orders.dlq", { ...binding, source: "messaging.dead-letter", destination: "orders.dlq" }],
      ["Binding", "orders/messaging.work/orders", { ...binding, source: "messaging.work", destination: "orders" }],
      policy("orders", toWorkQueuePolicy("orders", spec)),
      policy("orders.dlq", toDeadLetterQueuePolicy("orders.dlq", "14d")),
      ["Queue", "orders", queueOnBroker("orders", "quorum")],
      ["Queue", "orders.dlq", queueOnBroker("orders.dlq", "quorum")],
    ]);
  });

  it("makes a stream without dead letters, and without a policy where there is nothing to tune", async () => {
    expect((await children(queueOf({ type: "stream" }))).map(([type, name]) => [type, name])).toEqual([
      ["Binding", "orders/messaging.work/orders"],
      ["Queue", "orders"],
    ]);
  });

  it("has everything in place before a work queue takes messages", async () => {
    const all = await made(queueOf({}));
    const dependenciesOf = (type: string, name: string) =>
      all.find((resource) => resource.type.endsWith(type) && resource.name === name)?.dependencies.sort();
    expect(dependenciesOf(":Queue", "orders")).toEqual(["orders", "orders.dlq"]);
    expect(dependenciesOf(":Queue", "orders.dlq")).toEqual(["orders.dlq"]);
    expect(dependenciesOf(":Binding", "orders.dlq")).toEqual(["orders.dlq"]);
  });

  it("names the same headers binding alike in whatever order its arguments stand", async () => {
    const bound = (args: object) => {
      const bindings = [{ exchange: "h", routingKey: "", arguments: args as Record<string, string> }];
      return children({ ...queueOf({}), bindings });
    };
    const one = (await bound({ "x-match": "all", kind: "bill", n: 3, big: true }))[1];
    expect(one).toEqual((await bound({ n: 3, big: true, kind: "bill", "x-match": "all" }))[1]);
    expect(one?.[1]).toBe('orders/h//{"big":true,"kind":"bill","n":3,"x-match":"all"}');
    expect(one?.[2]).toMatchObject({ argumentsJson: '{"big":true,"kind":"bill","n":3,"x-match":"all"}' });
  });

  it("never deletes a binding after it has made the same one, and takes other words for its arguments for no change", async () => {
    const bindings = (await made(queueOf({}))).filter(({ type }) => type.endsWith(":Binding"));
    expect(bindings).toHaveLength(2);
    for (const { deleteBeforeReplace, ignoreChanges } of bindings) {
      expect(deleteBeforeReplace).toBe(true);
      expect(ignoreChanges).toEqual(["arguments", "argumentsJson"]);
    }
  });

  it.each([
    ["maxLength", { maxLength: 5 }],
    ["retry", { retry: { maxAttempts: 9 } }],
    ["deadLetter.retention", { deadLetter: { retention: "1d" } }],
  ])("changes exactly one policy, and that in place, when %s changes", async (_, change) => {
    const before = await children(queueOf({}));
    const after = await children(queueOf(change));
    const changed = after.filter((child, at) => JSON.stringify(child) !== JSON.stringify(before[at]));
    expect([after.length, changed.length, changed[0]?.[0]]).toEqual([before.length, 1, "Policy"]);
  });

  it("changes no resource when a prefetch changes", async () => {
    const of = (prefetch: number) => children(queueOf({ consumers: { a: { prefetch } } }));
    expect(await of(1)).toEqual(await of(2));
  });
});
