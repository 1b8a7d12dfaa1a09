import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { parseSkill } from "../../skill/index.ts";
import { linesOf } from "./refusals.ts";

const skillOf = (text: string) => ({
  name: "shop",
  version: "2.0.0",
  apps: { a: {}, b: {} },
  ...parse(text),
});

describe("what is replaced", () => {
  it("is declared, is one pair of its own, and can be emptied", () => {
    const refused: [sentence: string, skill: string][] = [
      ["the old one is declared", "rabbitmq: { queues: { orders-v2: {} }, replace: { orders: orders-v2 } }"],
      ["the new one is declared", "kafka: { topics: { events: {} }, replace: { events: event } }"],
      ["it is not itself", "rabbitmq: { queues: { q: {} }, replace: { q: q } }"],
      ["there is no chain", "rabbitmq: { queues: { q: {}, r: {}, s: {} }, replace: { q: r, r: s } }"],
      ["two do not become one", "kafka: { topics: { q: {}, r: {}, s: {} }, replace: { q: s, r: s } }"],
      ["it is no stream", "rabbitmq: { queues: { q: { type: stream }, r: {} }, replace: { q: r } }"],
      [
        "no group of a topic is forgotten",
        "kafka: { topics: { q: { consumers: { g: { app: a } } }, r: { consumers: { h: { app: b } } } }, replace: { q: r } }",
      ],
      ["the new one is a name", "rabbitmq: { queues: { q: {} }, replace: { q: 1 } }"],
    ];
    const said = refused.map(([sentence, skill]) => [sentence, ...linesOf(skillOf(skill))].join("\n  "));
    expect(said.join("\n")).toMatchInlineSnapshot(`
      "the old one is declared
        rabbitmq.replace.orders: must be of a queue that rabbitmq.queues still declares, got "orders"
      the new one is declared
        kafka.replace.events: must name a topic that kafka.topics declares, got "event"
      it is not itself
        rabbitmq.replace.q: must name another queue than itself, got "q"
      there is no chain
        rabbitmq.replace.q: must name a queue that is not replaced itself, got "r"
      two do not become one
        kafka.replace.r: must name a topic that replaces no other, as it does q, got "s"
      it is no stream
        rabbitmq.replace.q: must be of queues that are no streams, as a stream is not emptied by reading it, got "q"
      no group of a topic is forgotten
        kafka.topics.r.consumers: must name group g too, which goes on here where it stands on q, or name no group at all, got h
      the new one is a name
        rabbitmq.replace.q: must be the name of a queue, got 1"
    `);
  });

  it("gives the new one what it leaves empty", () => {
    const { rabbitmq, kafka } = parseSkill(
      skillOf(`
        rabbitmq:
          exchanges: { e: { type: topic } }
          queues:
            q: { type: classic, producers: [a], consumers: { b: { prefetch: 3 } }, bindings: [{ exchange: e, routingKey: x }] }
            r: { producers: [b] }
          replace: { q: r }
        kafka:
          topics: { t: { producers: [a], consumers: { g: { app: b } } }, u: { partitions: 1 } }
          replace: { t: u }
      `),
    );
    const { q, r } = rabbitmq!.queues;
    expect(r).toMatchObject({ type: "quorum", producers: ["b"], consumers: q!.consumers, bindings: q!.bindings });
    expect(kafka!.topics.u).toMatchObject({ partitions: 1, producers: ["a"], consumers: kafka!.topics.t!.consumers });
    expect([rabbitmq!.replace, kafka!.replace]).toEqual([{ q: "r" }, { t: "u" }]);
  });

  it("counts the topics of groups that are taken over", () => {
    const text = `kafka: { topics: { t: { consumers: { g: { app: a } } }, u: {}, u.g.dlt: {} }, replace: { t: u } }`;
    expect(linesOf(skillOf(text)).join()).toContain("u.g.dlt");
  });
});
