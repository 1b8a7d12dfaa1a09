import type { Cell, Principal } from "./cells.ts";
import { entries, type Written } from "./oracle.ts";
import { onRabbitmq, type RabbitmqTry } from "./oracleRabbitmq.ts";

/** A vhost that the test makes beside the skill's. */
export const OTHER_VHOST = "not-of-the-skill";

/** What is tried on RabbitMQ: on all that the skill makes, on its neighbours by name, and on what is the broker's own. */
export function rabbitmqTries(skill: Written): RabbitmqTry[] {
  const queues = entries(skill.rabbitmq.queues);
  const streams = queues.filter(([, { type }]) => type === "stream").map(([name]) => name);
  const work = queues.map(([name]) => name);
  const tiers = [1000, 2000, 3000].map((delay) => `messaging.retry.${delay}ms`);
  const deadLetters = work.filter((name) => !streams.includes(name)).map((name) => `${name}.dlq`);
  const every = [...work, ...deadLetters, ...tiers];
  const named = entries(skill.rabbitmq.exchanges).map(([name]) => name);
  const shared = ["messaging.work", "messaging.dead-letter", ...tiers];
  const brokers = ["amq.direct", "amq.fanout", "amq.topic", "amq.headers", "amq.match", "amq.rabbitmq.trace"];
  const exchanges = [...named, ...shared, ...brokers];
  const free = ["orders.new", "orders.v1.dlq.dlq", "messaging.retry.9000ms"];

  return [
    ...publishes(named, shared, brokers, every),
    ...(["consume", "get", "purge"] as const).flatMap((action) =>
      // A stream can neither be read by basic.get nor purged, by whomever.
      every.filter((queue) => action === "consume" || !streams.includes(queue)).map((queue) => ({ action, queue })),
    ),
    ...every.map((queue) => ({ action: "inspect" as const, queue })),
    ...exchanges.map((exchange) => ({ action: "inspect exchange" as const, exchange })),
    ...(["bind", "unbind"] as const).flatMap((action) =>
      every.flatMap((queue) => [...named, ...shared, "amq.topic"].map((exchange) => ({ action, queue, exchange }))),
    ),
    ...(["bind exchange", "unbind exchange"] as const).flatMap((action) =>
      [...named, ...shared].flatMap((exchange) => [...named, ...shared].map((from) => ({ action, exchange, from }))),
    ),
    ...[...every, ...free].map((queue) => ({ action: "declare" as const, queue })),
    ...[...named, ...shared, "new-events"].map((exchange) => ({ action: "declare exchange" as const, exchange })),
    ...requests("access").map((request) => ({ action: "admin API" as const, request })),
    ...[OTHER_VHOST, "/", "Access"].map((vhost) => ({ action: "another vhost" as const, vhost })),
    // What would take a resource away from the tries above comes last.
    ...exchanges.map((exchange) => ({ action: "delete exchange" as const, exchange })),
    ...every.map((queue) => ({ action: "delete" as const, queue })),
  ];
}

/** Keys that lead somewhere, and keys that nearly do. */
function publishes(named: string[], shared: string[], brokers: string[], queues: string[]): RabbitmqTry[] {
  const keys = [
    "orders.v1.made",
    "orders.v1.made.twice",
    "orders.v1.",
    "orders.v1",
    "ordersXv1",
    "ordersXv1.made.twice",
  ];
  const near = [
    "ordersXv1X",
    "orders.v10.made",
    "orders.v1Xmade",
    "xorders.v1.made",
    "orders*",
    "orders\n",
    "#",
    "*",
    "",
  ];
  return [
    ...named.flatMap((exchange) => [...keys, ...near].map((key) => ({ exchange, key }))),
    ...shared.flatMap((exchange) => [...queues, ...near].map((key) => ({ exchange, key }))),
    ...brokers.filter((exchange) => exchange !== "amq.rabbitmq.trace").map((exchange) => ({ exchange, key: "orders" })),
    ...queues.map((key) => ({ exchange: "", key })),
  ].map((where) => ({ action: "publish" as const, ...where }));
}

const requests = (vhost: string): string[] => [
  "GET whoami",
  "GET overview",
  "GET definitions",
  `GET queues/${vhost}`,
  `PUT users/probe`,
  `PUT permissions/${vhost}/maker`,
  `POST queues/${vhost}/orders/get`,
  `POST exchanges/${vhost}/messaging.work/publish`,
  `DELETE queues/${vhost}/orders/contents`,
  `DELETE queues/${vhost}/orders`,
];

/** Who is let in tries everything; who is not, each action where it would lead somewhere, on what is most often allowed. */
export function rabbitmqCells(skill: Written, principal: Principal): Cell<RabbitmqTry>[] {
  const tries = rabbitmqTries(skill);
  const known = onRabbitmq(skill, principal.app, { action: "inspect", queue: "orders" }).allowed;
  return (known ? tries : tries.filter(ofOrders)).map((tried) => ({
    principal,
    tried,
    expected: onRabbitmq(skill, principal.app, tried),
  }));
}

function ofOrders(tried: RabbitmqTry): boolean {
  if (tried.action === "admin API" || tried.action === "another vhost") return true;
  if (tried.action === "publish") return tried.key === "orders" && !tried.exchange.startsWith("amq.");
  if ("from" in tried) return tried.exchange === "events" && tried.from === "commands";
  if ("queue" in tried && "exchange" in tried) return tried.queue === "orders" && tried.exchange === "messaging.work";
  return "queue" in tried ? tried.queue === "orders" : tried.exchange === "messaging.work";
}
