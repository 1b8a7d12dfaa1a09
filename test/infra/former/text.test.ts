import { describe, expect, it } from "vitest";
import type { FormerKafka, FormerRabbitmq } from "../../../components/former.ts";
import { toldOf } from "../../../infra/former/text.ts";

const rabbitmq: FormerRabbitmq = {
  broker: "rabbitmq",
  app: "worker",
  mark: "0",
  tiers: [{ queue: "orders", delay: 3000 }],
  bindings: [],
};
const kafka: FormerKafka = {
  broker: "kafka",
  app: "worker",
  mark: "0",
  retries: [1000, 2000].map((delay) => ({ topic: "events", group: "billing", delay })),
};

describe("what is said of what earlier outputs named", () => {
  it("is why it is kept and what to do, or that it is deleted", () => {
    expect([
      toldOf(rabbitmq, true, []),
      toldOf(rabbitmq, true, ["1 connection of worker with an earlier output"]),
      toldOf(kafka, false, []),
    ]).toMatchInlineSnapshot(`
      [
        "rabbitmq: messaging.retry.3000ms for orders of worker is not in the skill any more, and kept (apps that run have read the output that names it). Restart worker with its new apps output; a later up takes away what nobody needs.",
        "rabbitmq: messaging.retry.3000ms for orders of worker is not in the skill any more, and kept (1 connection of worker with an earlier output). Restart worker with its new apps output; a later up takes away what nobody needs.",
        "kafka: events.billing.retry.1000, events.billing.retry.2000 of worker are not in the skill any more, and nobody needs them: deleted.",
      ]
    `);
  });

  it("names a binding", () => {
    const bindings = [{ queue: "orders", exchange: "events", routingKey: "order.*" }];
    expect(toldOf({ ...rabbitmq, tiers: [], bindings }, true, [])).toContain(
      "rabbitmq: the binding events -> orders order.* of worker is not",
    );
  });
});
