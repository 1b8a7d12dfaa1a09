import { expect, it } from "vitest";
import { policyFindings } from "../../../cli/doctor/rabbitmqPolicies.ts";
import type { QueueFigures } from "../../../live/health/rabbitmq.ts";
import { idleQueue } from "./idleQueue.ts";

const queue = idleQueue;
const own = { "dead-letter-exchange": "dead", overflow: "reject-publish", "dead-letter-strategy": "at-least-once" };
const found = (figures: QueueFigures, ours: QueueFigures["definition"]) =>
  policyFindings("rabbitmq/orders", "work", figures, { own: ours, exchange: "dead" }).map(
    (one) => `${one.found}: ${one.fix}`,
  );

const DROPS =
  "by no policy, what fails is not kept as a dead letter but dropped, and when it is full the oldest messages are dropped";
const DELETE =
  "Consume or move what it holds, delete it (rabbitmqctl delete_queue --vhost <its vhost> orders), then npx pulumi up --refresh, which refuses to replace it meanwhile. Have the app declare no queue, or declare it passively. What was dropped must be sent again.";

it("A classic queue where our policy is for a quorum queue was declared again, and is deleted before an up makes ours", () => {
  expect(found(queue, own)).toEqual([`it is a classic queue, not a quorum queue: ${DROPS}: ${DELETE}`]);
});

it("A quorum queue without our policy, or a classic one that the skill has, is put back by an up", () => {
  const { "dead-letter-strategy": _, ...classic } = own;
  const start = `${DROPS}: Delete that policy, or give it a pattern`;
  expect(found({ ...queue, members: ["a"], online: ["a"] }, own)[0]!.slice(0, start.length)).toBe(start);
  expect(found(queue, classic)[0]!.slice(0, start.length)).toBe(start);
});

it("What a queue was declared with is no cause where it loses nothing, or where a policy limits it further", () => {
  const limited = { ...own, "max-length": 100 };
  const small = { ...queue, policy: "orders", operatorPolicy: "small", members: ["a"], online: ["a"] };
  const by = "by policy orders and operator policy small, it is full at 100 messages";
  for (const [name, value] of [
    ["single-active-consumer", 1],
    ["max-length", 1000],
  ] as const) {
    expect(found({ ...small, declared: { [name]: value }, definition: limited }, own)[0]!.slice(0, by.length)).toBe(by);
  }
});
