import { describe, expect, it } from "vitest";
import { toDestinations, toSubscriptions } from "../../../components/rabbitmq/access.ts";
import { declareFlows } from "../../../components/rabbitmq/index.ts";
import { toGrants } from "../../../components/rabbitmq/permissions.ts";
import { inletsOf } from "../../../components/rabbitmq/replacement.ts";
import type { Replacing } from "../../../components/replacing.ts";
import { program } from "../../mocks.ts";
import { skillOf } from "./specs.ts";

const skill = skillOf({
  exchanges: { events: { type: "topic" } },
  queues: {
    orders: {
      type: "classic",
      producers: ["a"],
      consumers: { b: {} },
      bindings: [{ exchange: "events", routingKey: "order.*" }],
    },
    jobs: { producers: ["a"] },
    "orders-v2": {},
    "jobs-v2": {},
  },
  replace: { orders: "orders-v2", jobs: "jobs-v2" },
});
const spec = skill.rabbitmq!;
const stage = (stage: "moving" | "leaving" | "gone"): Replacing => ({
  orders: { stage, seen: "seen" },
  jobs: { stage, seen: "seen" },
});
const declared = async (replacing?: Replacing) => {
  const { resources } = await program(() =>
    declareFlows(
      {
        skill,
        secret: "s",
        connection: { url: "amqp://127.0.0.1:5672", tls: false },
        operator: { managementUrl: "http://127.0.0.1:15672", username: "admin", password: "p" },
        replacing,
      },
      {},
    ),
  );
  return resources;
};
const named = (resources: Awaited<ReturnType<typeof declared>>, kind: string) =>
  resources.filter(({ type }) => type.endsWith(`:${kind}`)).map(({ name }) => name);

describe("a queue that is replaced", () => {
  it("has no way in, and the new one has its ways, those by its name included", () => {
    expect(inletsOf(spec, "orders")).toEqual({ bindings: [], deadLetterKeys: [] });
    expect(inletsOf(spec, "orders-v2")).toEqual({
      bindings: [{ exchange: "events", routingKey: "order.*" }],
      deadLetterKeys: ["orders-v2", "orders"],
    });
    expect(inletsOf(spec, "jobs-v2").bindings).toEqual([
      { exchange: "messaging.work", routingKey: "jobs-v2" },
      { exchange: "messaging.work", routingKey: "jobs" },
    ]);
  });

  it("is declared with its dead letters and drained until it may go, and where nobody looked", async () => {
    const here = ["jobs", "jobs-v2", "jobs-v2.dlq", "jobs.dlq", "orders", "orders-v2", "orders-v2.dlq", "orders.dlq"];
    for (const replacing of [undefined, stage("moving")]) {
      const resources = await declared(replacing);
      expect(
        named(resources, "Queue")
          .filter((name) => !name.startsWith("messaging."))
          .sort(),
      ).toEqual(here);
      expect(named(resources, "Drain").sort()).toEqual(["jobs", "orders"]);
    }
    for (const replacing of [stage("leaving"), stage("gone")]) {
      const resources = await declared(replacing);
      expect(named(resources, "Queue").filter((name) => /^(orders|jobs)(\.dlq)?$/.test(name))).toEqual([]);
      expect(named(resources, "Drain")).toEqual([]);
    }
  });

  it("is drained after the new one has every way in, and says which of its own go first", async () => {
    const resources = await declared(stage("moving"));
    const drain = resources.find(({ type, name }) => type.endsWith(":Drain") && name === "orders")!;
    expect(drain.inputs).toMatchObject({
      vhost: "shop",
      inlets: [
        { exchange: "events", queue: "orders", routingKey: "order.*" },
        { exchange: "messaging.dead-letter", queue: "orders.dlq", routingKey: "orders" },
      ],
      moves: [
        { from: "orders", to: "orders-v2", work: true },
        { from: "orders.dlq", to: "orders-v2.dlq", work: false },
      ],
      seen: "seen",
    });
    expect(drain.dependencies).toEqual(
      expect.arrayContaining(["orders-v2/events/order.*", "orders-v2.dlq/orders", "messaging.retry.1000ms.replaced"]),
    );
  });

  it("does not end what a move that was interrupted gives back", async () => {
    const resources = await declared(stage("moving"));
    const policy = resources.find(({ type, name }) => type.endsWith(":Policy") && name === "jobs")!;
    expect(policy.inputs.policy).toMatchObject({ definition: { "delivery-limit": "1000000000" } });
  });

  it("has what waits in delay tiers come back to the new one, whatever name it waits under", async () => {
    const resources = await declared(stage("gone"));
    const redirects = resources.filter(
      ({ type, inputs }) => type.endsWith(":Binding") && inputs.source === "messaging.replaced",
    );
    const pairs = redirects.map(({ inputs }) => `${inputs.routingKey} -> ${inputs.destination}`).sort();
    expect(pairs).toEqual(["jobs -> jobs-v2", "jobs-v2 -> jobs-v2", "orders -> orders-v2", "orders-v2 -> orders-v2"]);
  });

  it("leads apps to the new one by the old name", () => {
    expect(toDestinations(spec, "a").orders).toEqual(toDestinations(spec, "a")["orders-v2"]);
    expect(toSubscriptions(spec, "b").orders).toMatchObject({ queue: "orders-v2", deadLetterQueue: "orders-v2.dlq" });
  });

  it("leaves its consumers their rights while it is there, and its producers theirs for as long as the skill says so", () => {
    const rights = (at: "moving" | "gone") => {
      const { a, b } = toGrants(spec, undefined, stage(at));
      return { reads: [...b!.reads], keys: [...a!.writes.get("messaging.work")!] };
    };
    expect(rights("moving")).toEqual({ reads: ["orders", "orders-v2"], keys: ["jobs", "jobs-v2"] });
    expect(rights("gone")).toEqual({ reads: ["orders-v2"], keys: ["jobs", "jobs-v2"] });
  });
});
