import { delaysOf, type Expected, entries, holeWhen, mayNot, type Written, when } from "./oracle.ts";

/** Something that one may try on RabbitMQ. */
export type RabbitmqTry =
  | { action: "publish"; exchange: string; key: string }
  | { action: "consume" | "get" | "purge" | "inspect" | "declare" | "delete"; queue: string }
  | { action: "bind" | "unbind"; queue: string; exchange: string }
  | { action: "inspect exchange" | "declare exchange" | "delete exchange"; exchange: string }
  | { action: "bind exchange" | "unbind exchange"; exchange: string; from: string }
  | { action: "admin API"; request: string }
  | { action: "another vhost"; vhost: string };

const DEAD_LETTERS = "messaging.dead-letter";

/** What an app may do by the skill; `undefined` is somebody whom the skill does not know. */
export function onRabbitmq(skill: Written, app: string | undefined, tried: RabbitmqTry): Expected {
  if (app === undefined || !usesRabbitmq(skill, app)) return mayNot;
  switch (tried.action) {
    case "publish":
      return publishes(skill, app, tried.exchange, tried.key);
    case "consume":
    case "get":
      return when(consumes(skill, app, tried.queue));
    case "purge":
      return holeWhen(consumes(skill, app, tried.queue), "purge of what one consumes");
    case "inspect":
    case "inspect exchange":
      return holeWhen(true, "passive declare");
    default:
      return mayNot;
  }
}

const queuesOf = (skill: Written) => entries(skill.rabbitmq?.queues);
const produces = (queue: Written, app: string): boolean => (queue.producers ?? []).includes(app);
const consumes = (skill: Written, app: string, name: string): boolean =>
  queuesOf(skill).some(([queue, { consumers }]) => queue === name && Object.keys(consumers ?? {}).includes(app));

const usesRabbitmq = (skill: Written, app: string): boolean =>
  queuesOf(skill).some(([name, queue]) => produces(queue, app) || consumes(skill, app, name));

function publishes(skill: Written, app: string, exchange: string, key: string): Expected {
  const bindings = queuesOf(skill)
    .filter(([, queue]) => produces(queue, app))
    .flatMap(([name, queue]) => queue.bindings ?? [{ exchange: "messaging.work", routingKey: name }])
    .filter((binding: Written) => binding.exchange === exchange);
  const type = exchange === "messaging.work" ? "topic" : skill.rabbitmq.exchanges?.[exchange]?.type;
  if (bindings.some(({ routingKey = "" }: Written) => type !== "topic" || routes(routingKey, key))) {
    const said = type === "topic" || type === "fanout" || bindings.some((one: Written) => one.routingKey === key);
    return said ? when(true) : holeWhen(true, "any routing key on a direct or headers exchange");
  }
  return when(fails(skill, app, exchange, key));
}

/** Whether an app may send a failed message of the queue `key` through this exchange. */
function fails(skill: Written, app: string, exchange: string, key: string): boolean {
  const queue = skill.rabbitmq.queues[key];
  if (!queue || queue.type === "stream" || !consumes(skill, app, key)) return false;
  const delays = delaysOf(queue.consumers[app].retry, queue.retry, skill.retry);
  return exchange === DEAD_LETTERS || delays.some((delay) => exchange === `messaging.retry.${delay}ms`);
}

/** AMQP 0-9-1: words between dots; `*` is one word, `#` any number of them. */
function routes(bindingKey: string, key: string): boolean {
  const match = (pattern: string[], words: string[]): boolean => {
    const [first, ...rest] = pattern;
    if (first === undefined) return words.length === 0;
    if (first === "#") return match(rest, words) || (words.length > 0 && match(pattern, words.slice(1)));
    return words.length > 0 && (first === "*" || first === words[0]) && match(rest, words.slice(1));
  };
  // A key without any character has no word.
  return match(bindingKey.split("."), key === "" ? [] : key.split("."));
}
