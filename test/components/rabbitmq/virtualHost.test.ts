import { describe, expect, it } from "vitest";
import { VirtualHost } from "../../../components/rabbitmq/index.ts";
import { registered } from "../../mocks.ts";
import { conformance } from "../conformance.ts";
import { rabbitmqOf } from "./specs.ts";

const exchanges = { events: { type: "fanout" } };
const bound = { orders: { bindings: [{ exchange: "events" }] } };

const made = async (rabbitmq: object) => {
  const all = await registered(() => new VirtualHost("shop", { spec: rabbitmqOf(rabbitmq) }));
  return Object.fromEntries(all.slice(1).map(({ name, inputs }) => [name, inputs]));
};

const durable = (name: string, type: string) => ({
  [`shop/${name}`]: { name, vhost: "shop", settings: { type, durable: true, autoDelete: false } },
});

describe("VirtualHost", () => {
  conformance({
    token: "messaging:rabbitmq:VirtualHost",
    make: (name, opts) => new VirtualHost(name, { spec: rabbitmqOf({ exchanges, queues: bound }) }, opts),
    outputs: ["vhost", "exchanges"],
  });

  it("makes the vhost, its exchanges and the shared one for dead letters", async () => {
    expect(await made({ exchanges, queues: bound })).toEqual({
      shop: { name: "shop" },
      ...durable("events", "fanout"),
      ...durable("messaging.dead-letter", "topic"),
    });
  });

  it("makes the shared exchange for work where a queue has no bindings", async () => {
    expect(await made({ exchanges, queues: { ...bound, mails: {} } })).toEqual({
      shop: { name: "shop" },
      ...durable("events", "fanout"),
      ...durable("messaging.work", "topic"),
      ...durable("messaging.dead-letter", "topic"),
    });
  });

  it("replaces an exchange whose type changes, as the provider cannot change it", async () => {
    const all = await registered(() => new VirtualHost("shop", { spec: rabbitmqOf({ exchanges, queues: bound }) }));
    const replaceable = all.filter(({ deleteBeforeReplace }) => deleteBeforeReplace).map(({ name }) => name);
    expect(replaceable.sort()).toEqual(["shop/events", "shop/messaging.dead-letter"]);
  });
});
