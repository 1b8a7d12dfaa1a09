import { describe, expect, it } from "vitest";
import { toGrants, toPermissions, toTopicPermissions } from "../../../components/rabbitmq/permissions.ts";
import { rabbitmqOf } from "./specs.ts";

const rightsOf = (rabbitmq: object) =>
  Object.fromEntries(
    Object.entries(toGrants(rabbitmqOf(rabbitmq))).map(([app, grants]) => [
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
        topics: [{ exchange: "events", write: "^order\\.[^.]+$", read: "^$" }],
      },
    });
  });

  it("let a producer of an unbound queue write to the shared exchange, by the queue's name", () => {
    expect(rightsOf({ queues: { "a.b": { producers: ["a"] } } })).toEqual({
      a: {
        configure: "^$",
        write: "^messaging\\.work$",
        read: "^$",
        topics: [{ exchange: "messaging.work", write: "^a\\.b$", read: "^$" }],
      },
    });
  });

  it("let a consumer read its queue and write its dead letters", () => {
    expect(rightsOf({ queues: { orders: { consumers: { b: {} } } } })).toEqual({
      b: {
        configure: "^$",
        write: "^messaging\\.dead-letter$",
        read: "^orders$",
        topics: [{ exchange: "messaging.dead-letter", write: "^orders$", read: "^$" }],
      },
    });
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
    const queues = { one: to("x.*"), two: to("y"), three: { consumers: { a: {} } }, four: { consumers: { a: {} } } };
    expect(rightsOf({ exchanges: { events: { type: "topic" } }, queues })).toEqual({
      a: {
        configure: "^$",
        write: "^(?:events|messaging\\.dead-letter)$",
        read: "^(?:four|three)$",
        topics: [
          { exchange: "events", write: "^(?:x\\.[^.]+|y)$", read: "^$" },
          { exchange: "messaging.dead-letter", write: "^(?:four|three)$", read: "^$" },
        ],
      },
    });
  });

  it("exist for no app without a queue", () => {
    expect(rightsOf({ queues: { orders: {} } })).toEqual({});
  });
});
