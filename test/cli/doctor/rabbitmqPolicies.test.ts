import { expect, it } from "vitest";
import { type Kind, ownPolicies } from "../../../cli/doctor/rabbitmqOwn.ts";
import { policyFindings } from "../../../cli/doctor/rabbitmqPolicies.ts";
import type { Expected } from "../../../cli/drift/expected/index.ts";
import type { QueueFigures, RabbitmqFigures } from "../../../live/health/rabbitmq.ts";
import { idleQueue } from "./idleQueue.ts";

const queue = idleQueue;
const places = {
  deadLetterExchange: "dead",
  vhost: "shop",
  username: "admin",
  managementUrl: "https://broker:15671",
  ca: "PEM",
};
const own = {
  "dead-letter-exchange": "dead",
  "dead-letter-routing-key": "orders",
  overflow: "reject-publish",
  "dead-letter-strategy": "at-least-once",
};
const found = (figures: QueueFigures, ours: QueueFigures["definition"]) =>
  policyFindings("rabbitmq/orders", "work", figures, { own: ours, places }).map((one) => `${one.found}: ${one.fix}`);

const DROPS =
  "by no policy, what fails is not kept as a dead letter but dropped, and when it is full the oldest messages are dropped";
const DELETE =
  "Consume or move what it holds, delete it: curl -u admin -X DELETE --cacert ca.pem https://broker:15671/api/queues/shop/orders (ca.pem: the certificate of its authority); then npx pulumi up --refresh, which refuses to replace it meanwhile. Have the app declare no queue, or declare it passively. What was dropped must be sent again.";

it("A classic queue where our policy is for a quorum queue was declared again, and is deleted before an up makes ours", () => {
  expect(found(queue, own)).toEqual([`it is a classic queue, not a quorum queue: ${DROPS}: ${DELETE}`]);
});

it("A quorum queue without our policy, or a classic one that the skill has, is put back by an up", () => {
  const { "dead-letter-strategy": _, ...classic } = own;
  const start = `${DROPS}: Put ours back: npx pulumi up --refresh. `;
  expect(found({ ...queue, members: ["a"], online: ["a"] }, own)[0]!.slice(0, start.length)).toBe(start);
  expect(found(queue, classic)[0]!.slice(0, start.length)).toBe(start);
});

it("The policies of others that apply to our queue are deleted by calls that a shell takes as they are", () => {
  const fixOf = (figures: Partial<QueueFigures>) =>
    policyFindings(
      "there",
      "work",
      { ...queue, members: ["a"], online: ["a"], ...figures },
      { own, places: { ...places, ca: undefined, vhost: "/" } },
    )[0]!.fix;
  const call = "curl -u admin -X DELETE https://broker:15671/api";
  expect(fixOf({ policy: "all of it's", operatorPolicy: "small" })).toBe(
    `Delete that policy, or give it a pattern that leaves this queue out: curl -u admin -X DELETE 'https://broker:15671/api/policies/%2F/all%20of%20it'\\''s'; ${call}/operator-policies/%2F/small; where ours was deleted or changed: npx pulumi up --refresh. What was dropped must be sent again.`,
  );
  for (const policy of ["orders", "orders.replaced"])
    expect(fixOf({ policy })).toBe("Put ours back: npx pulumi up --refresh. What was dropped must be sent again.");
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

const said = (kind: Kind, definition: QueueFigures["definition"], ours: QueueFigures["definition"], name = "orders") =>
  policyFindings("there", kind, { ...queue, name, policy: "p", definition }, { own: ours, places }).map(
    (one) => `${one.trouble}: ${one.found.replace("by policy p, ", "")}`,
  );

it.each<[string, QueueFigures["definition"], string[]]>([
  ["as it should be", { ...own, "delivery-limit": 4 }, []],
  [
    "another exchange",
    { ...own, "dead-letter-exchange": "other" },
    ["message loss: what fails goes to exchange other by orders, not to its dead letters"],
  ],
  [
    "no key, no strategy",
    { "dead-letter-exchange": "dead", overflow: "reject-publish" },
    ["message loss: what fails goes to exchange dead by the key that it has, not to its dead letters"],
  ],
  [
    "the default exchange",
    { ...own, "dead-letter-exchange": "" },
    ["message loss: what fails goes to the default exchange by orders, not to its dead letters"],
  ],
  [
    "another strategy",
    { ...own, "dead-letter-strategy": "at-most-once" },
    ["message loss: what fails may be lost on its way to the dead letters"],
  ],
  ["fewer returns", { ...own, "delivery-limit": 0 }, ["dead letters: after 0 returns a message is a dead letter"]],
  [
    "delays of the queue's own",
    { ...own, "delayed-retry-type": "all", "delayed-retry-min": 5, "delayed-retry-max": 6 },
    ["lag: what is given back comes again after 5 to 6 ms (all), not at once"],
  ],
  [
    "less time for a consumer",
    { ...own, "consumer-timeout": 60_000 },
    ["duplicates: what a consumer has for longer than 60000 ms is taken from it and comes again"],
  ],
  ["more time for a consumer than RabbitMQ gives without a policy", { ...own, "consumer-timeout": 7_200_000 }, []],
  ["returns without a limit", { ...own, "delivery-limit": -1 }, []],
])("A work queue's policies, %s", (_, definition, findings) => {
  expect(said("work", definition, { ...own, "delivery-limit": "4" })).toEqual(findings);
});

const waiting = {
  "message-ttl": 1000,
  "dead-letter-exchange": "",
  "dead-letter-strategy": "at-least-once",
  overflow: "reject-publish",
  "delivery-limit": 1_000_000_000,
};
const { "message-ttl": _ttl, ...endless } = waiting;
const { "dead-letter-exchange": _exchange, ...dropping } = waiting;
const OVER = "when its delay is over";

it.each<[string, QueueFigures["definition"], string[]]>([
  ["as they should be", waiting, []],
  ["no time", endless, ["lag: what comes to wait for a retry never returns"]],
  [
    "a longer time",
    { ...waiting, "message-ttl": 86_400_000 },
    ["lag: what comes to wait for a retry returns after 86400000 ms, not 1000"],
  ],
  ["no exchange", dropping, [`message loss: what waits for a retry is dropped ${OVER}`]],
  [
    "another exchange",
    { ...waiting, "dead-letter-exchange": "elsewhere" },
    [
      `message loss: what waits for a retry goes to exchange elsewhere by the key that it has ${OVER}, not back to its queue`,
    ],
  ],
  [
    "a key",
    { ...waiting, "dead-letter-routing-key": "x" },
    [`message loss: what waits for a retry goes to the default exchange by x ${OVER}, not back to its queue`],
  ],
  [
    "another strategy",
    { ...waiting, "dead-letter-strategy": "at-most-once" },
    [`message loss: what waits for a retry may be dropped ${OVER}`],
  ],
])("A delay tier's policies, %s, whether its own one is known or not", (_, definition, findings) => {
  for (const ours of [waiting, {}]) {
    expect(said("delay tier", definition, ours, "messaging.retry.1000ms")).toEqual(findings);
  }
});

it("The fix says what is to be done afterwards of each trouble", () => {
  const many = { ...own, "max-length": 3, "delivery-limit": 0, "consumer-timeout": 60_000, "message-ttl": 5 };
  const [only] = policyFindings(
    "there",
    "work",
    { ...queue, policy: "p", definition: many },
    { own: { ...own, "delivery-limit": 4 }, places },
  );
  expect(only!.trouble).toBe("message loss");
  expect(only!.fix).toMatch(
    /up --refresh\. What was dropped must be sent again\. What was refused must be published again\. What became a dead letter meanwhile can be redriven\.$/,
  );
});

it("What a work queue itself delays waits until that is over, and what came to a delay tier may wait for good", () => {
  const fixOf = (kind: Kind, name: string, definition: QueueFigures["definition"], ours = {}) =>
    policyFindings("there", kind, { ...queue, name, definition }, { own: ours, places })[0]!.fix;
  const delays = { ...own, "delayed-retry-type": "all", "delayed-retry-min": 5 };
  expect(fixOf("work", "orders", delays, own)).toMatch(
    / What was given back meanwhile comes again when the delay that it was given is over\.$/,
  );
  expect(fixOf("delay tier", "messaging.retry.1000ms", endless)).toMatch(
    / Then look again: what came meanwhile may wait there for good\.$/,
  );
});

it("What the name of a queue says needs no state", () => {
  const late = { ...waiting, "message-ttl": 86_400_000 };
  expect(said("delay tier", late, late, "messaging.retry.1000ms")).toEqual([
    "lag: what comes to wait for a retry returns after 86400000 ms, not 1000",
  ]);
});

it("Our policy is what the state says, and what the broker has under its name only where nobody knows that", () => {
  const changed: Pick<RabbitmqFigures, "queues" | "policies"> = {
    queues: [queue],
    policies: { orders: { ...own, "max-length": 3 } },
  };
  const thing = { broker: "rabbitmq", scope: "vhost", urn: "urn" };
  const definition = JSON.stringify({ ...own, "max-length": "1000000" });
  const expected: Expected[] = [
    { ...thing, kind: "policy", name: "orders", properties: { definition } },
    { ...thing, kind: "queue", name: "orders", properties: { policy: "orders" } },
  ];
  const declared = ownPolicies(changed, expected, "vhost").orders!;
  expect(declared).toEqual({ ...own, "max-length": "1000000" });
  expect(said("work", changed.policies.orders!, declared)).toEqual([
    "refused: it is full at 3 messages, and then refuses what is published",
  ]);
  expect(ownPolicies(changed, [], "vhost")).toEqual(changed.policies);
});
