import { describe, expect, it } from "vitest";
import { toGrants, toPermissions, toTopicPermissions } from "../../../components/rabbitmq/permissions.ts";
import { rabbitmqOf } from "./specs.ts";

const rightsOf = (rabbitmq: object, version?: string) =>
  Object.fromEntries(
    Object.entries(toGrants(rabbitmqOf(rabbitmq), version)).map(([app, grants]) => [
      app,
      { ...toPermissions(grants), topics: toTopicPermissions(grants) },
    ]),
  );

describe("an app's permissions", () => {
  it("let a producer write to the exchanges of its queue's bindings, by their routing keys", () => {
    const queues = { orders: { producers: ["a"], bindings: [{ exchange: "events", routingKey: "order.*" }] } };
    expect(rightsOf({ exchanges: { events: { type: "topic" } }, queues })).toEqual({
      a: {
        configure: "^$",
        write: "^events$",
        read: "^$",
        topics: [{ exchange: "events", write: "^order\\.[^.]*$(?!\\n)", read: "^$" }],
      },
    });
  });

  it("let a producer of an unbound queue write to the shared exchange, by the queue's name", () => {
    expect(rightsOf({ queues: { "a.b": { producers: ["a"] } } })).toEqual({
      a: {
        configure: "^$",
        write: "^messaging\\.work$",
        read: "^$",
        topics: [{ exchange: "messaging.work", write: "^a\\.b$(?!\\n)", read: "^$" }],
      },
    });
  });

  it("let a consumer read its queue, and write its retries and dead letters by the queue's name", () => {
    expect(rightsOf({ queues: { orders: { consumers: { b: {} } } } })).toEqual({
      b: {
        configure: "^$",
        write: "^(?:messaging\\.dead-letter|messaging\\.retry\\.1000ms|messaging\\.retry\\.2000ms)$",
        read: "^orders$",
        topics: [
          { exchange: "messaging.dead-letter", write: "^orders$(?!\\n)", read: "^$" },
          { exchange: "messaging.retry.1000ms", write: "^orders$(?!\\n)", read: "^$" },
          { exchange: "messaging.retry.2000ms", write: "^orders$(?!\\n)", read: "^$" },
        ],
      },
    });
  });

  it("let a consumer not bind the topic exchange that bears its queue's name", () => {
    const consumers = { b: { retry: { maxAttempts: 1 } } };
    const bindings = [{ exchange: "orders", routingKey: "order.*" }];
    const { b } = rightsOf({ exchanges: { orders: { type: "topic" } }, queues: { orders: { consumers, bindings } } });
    expect(b!.topics).toEqual([
      { exchange: "messaging.dead-letter", write: "^orders$(?!\\n)", read: "^$" },
      { exchange: "orders", write: "^$(?!\\n)", read: "^$" },
    ]);
  });

  it("let a consumer write only to the tiers of its own delays", () => {
    const consumers = { b: { retry: { maxAttempts: 1 } }, c: { retry: { maxAttempts: 2 } } };
    const { b, c } = rightsOf({ queues: { orders: { consumers } } });
    expect([b!.write, c!.write]).toEqual([
      "^messaging\\.dead-letter$",
      "^(?:messaging\\.dead-letter|messaging\\.retry\\.1000ms)$",
    ]);
  });

  it("let no consumer write to a tier where its queue delays retries itself", () => {
    const { b } = rightsOf({ queues: { orders: { consumers: { b: {} } } } }, "4.3.1");
    expect(b!.write).toBe("^messaging\\.dead-letter$");
  });

  it("let a consumer of a stream only read", () => {
    expect(rightsOf({ queues: { log: { type: "stream", consumers: { b: {} } } } })).toEqual({
      b: { configure: "^$", write: "^$", read: "^log$", topics: [] },
    });
  });

  it("hold routing keys on topic exchanges only, where RabbitMQ looks at them", () => {
    const exchanges = { d: { type: "direct" }, f: { type: "fanout" }, h: { type: "headers" } };
    const bindings = [
      { exchange: "d", routingKey: "k" },
      { exchange: "f" },
      { exchange: "h", arguments: { kind: "bill" } },
    ];
    expect(rightsOf({ exchanges, queues: { orders: { producers: ["a"], bindings } } })).toEqual({
      a: { configure: "^$", write: "^(?:d|f|h)$", read: "^$", topics: [] },
    });
  });

  it("add up over queues", () => {
    const to = (routingKey: string) => ({ producers: ["a"], bindings: [{ exchange: "events", routingKey }] });
    const straight = { retry: { maxAttempts: 1 }, consumers: { a: {} } };
    const queues = { one: to("x.*"), two: to("y"), three: straight, four: straight };
    expect(rightsOf({ exchanges: { events: { type: "topic" } }, queues })).toEqual({
      a: {
        configure: "^$",
        write: "^(?:events|messaging\\.dead-letter)$",
        read: "^(?:four|three)$",
        topics: [
          { exchange: "events", write: "^(?:x\\.[^.]*|y)$(?!\\n)", read: "^$" },
          { exchange: "messaging.dead-letter", write: "^(?:four|three)$(?!\\n)", read: "^$" },
        ],
      },
    });
  });

  it("exist for no app without a queue", () => {
    expect(rightsOf({ queues: { orders: {} } })).toEqual({});
  });
});
