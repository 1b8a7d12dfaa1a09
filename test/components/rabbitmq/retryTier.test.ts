import { describe, expect, it } from "vitest";
import { RetryTier } from "../../../components/rabbitmq/index.ts";
import { toTierPolicy } from "../../../components/rabbitmq/policy.ts";
import { registered } from "../../mocks.ts";
import { conformance } from "../conformance.ts";

describe("RetryTier", () => {
  conformance({
    token: "messaging:rabbitmq:RetryTier",
    make: (name, opts) => new RetryTier(name, { delay: 1000, vhost: "shop" }, opts),
    outputs: ["exchange"],
  });

  it("is a topic exchange, and behind it a quorum queue that has its policy before it is there", async () => {
    const all = await registered(() => new RetryTier("messaging.retry.1000ms", { delay: 1000, vhost: "shop" }));
    const name = "messaging.retry.1000ms";
    expect(all.slice(1).map(({ type, inputs }) => [type.split(":").at(-1), inputs])).toEqual([
      ["Exchange", { name, vhost: "shop", settings: { type: "topic", durable: true, autoDelete: false } }],
      ["Policy", { name, vhost: "shop", policy: toTierPolicy(1000) }],
      [
        "Queue",
        {
          name,
          vhost: "shop",
          settings: { durable: true, autoDelete: false, argumentsJson: '{"x-queue-type":"quorum"}' },
        },
      ],
      ["Binding", { vhost: "shop", source: name, destination: name, destinationType: "queue", routingKey: "#" }],
    ]);
  });
});
