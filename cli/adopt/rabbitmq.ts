import type { Thing } from "../../live/inventory/index.ts";
import { deadLetterQueueName, LOST_DELIVERIES } from "../../skill/index.ts";
import { effective, matches, priorityOf } from "../drift/policies.ts";
import { toDuration } from "./durations.ts";
import { type Adopted, type LeftOut, OF_A_USER, OTHER_PASSWORD, sorted } from "./leftOut.ts";

/** What a skill says of one vhost; undefined where nothing is in it. */
export function adoptRabbitmq(all: readonly Thing[], vhost: string, administrator: string): Adopted | undefined {
  const here = all.filter(({ broker, scope }) => broker === "rabbitmq" && scope === vhost);
  const of = (kind: string) => here.filter((thing) => thing.kind === kind);
  if (of("queue").length + of("exchange").length === 0) return undefined;
  const exchanges = sorted(of("exchange").filter(notShared), named, exchangeReason);
  const queues = sorted(
    of("queue").filter((queue) => notShared(queue) && !isDeadLetters(queue, of("queue"))),
    named,
    (queue) => queueReason(queue, of("queue")),
  );
  const known = new Set(exchanges.kept.map(({ name }) => name));
  const kept = new Set(queues.kept.map(({ name }) => name));
  const bindings = sorted(
    of("binding").filter(({ properties }) => !ours(properties.source)),
    named,
    (binding) => bindingReason(binding, known, kept),
  );
  return {
    section: {
      vhost,
      exchanges: Object.fromEntries(exchanges.kept.map(({ name, properties }) => [name, { type: properties.type }])),
      queues: Object.fromEntries(
        queues.kept.map((queue) => [
          queue.name,
          toQueue(
            queue,
            bindings.kept.filter((each) => leadsTo(each, queue)),
            asItIs(queue, of("queue"), of("policy")),
          ),
        ]),
      ),
    },
    leftOut: [
      ...exchanges.leftOut,
      ...queues.leftOut,
      ...bindings.leftOut,
      ...overridden(
        [...of("policy"), ...of("operator policy")],
        [...queues.kept, ...of("queue").filter((queue) => isDeadLetters(queue, queues.kept)), ...exchanges.kept],
      ),
      ...of("topic permission").map((right) => ({ what: named(right), reason: OF_A_USER })),
      ...of("permission")
        .filter(({ name }) => name !== administrator)
        .map(({ name }) => ({ what: `rabbitmq user ${name}`, reason: OTHER_PASSWORD })),
    ],
  };
}

const named = ({ broker, kind, name }: Thing): string => `${broker} ${kind} ${name}`;

/** The shared exchanges, the delay tiers and what leads out of them: the program declares them of itself. */
const ours = (name = ""): boolean => name.startsWith("messaging.");
const notShared = ({ name }: Thing): boolean => !ours(name);

const QUORUM = '{"x-queue-type":"quorum"}';

/** The dead-letter queue that the program would make for another queue, as it would make it. */
function isDeadLetters({ name, properties }: Thing, queues: readonly Thing[]): boolean {
  const of = queues.some((queue) => deadLetterQueueName(queue.name) === name && typeOf(queue) !== "stream");
  return of && properties.durable === "true" && properties.arguments === QUORUM;
}

const typeOf = ({ properties }: Thing): string | undefined =>
  /^\{"x-queue-type":"(\w+)"\}$/.exec(properties.arguments ?? "")?.[1];

function exchangeReason({ properties: { type = "", durable, autoDelete, internal, arguments: given } }: Thing) {
  if (durable !== "true") return "it is not durable: everything of a skill is";
  if (autoDelete === "true") return "it is deleted with its last binding (auto-delete): a skill's stay";
  if (internal === "true") return "it is internal: a skill's can be published to";
  if (given !== undefined) return `it has arguments, which a skill's exchange does not: ${given}`;
  return ["direct", "fanout", "topic", "headers"].includes(type)
    ? undefined
    : `a skill has no exchanges of type ${type}`;
}

function queueReason(queue: Thing, queues: readonly Thing[]): string | undefined {
  const { durable, autoDelete, arguments: given } = queue.properties;
  if (durable !== "true") return "it is not durable: everything of a skill is";
  if (autoDelete === "true") return "it is deleted with its last consumer (auto-delete): a skill's stay";
  if (given === undefined) return "it was made without the argument x-queue-type, which cannot be added to it";
  if (typeOf(queue) === undefined)
    return `it has arguments that cannot be changed, where a skill's has a policy: ${given}`;
  const letters = queues.find(({ name }) => name === deadLetterQueueName(queue.name));
  if (letters && !isDeadLetters(letters, queues) && typeOf(queue) !== "stream")
    return `its dead-letter queue would be ${letters.name}, which exists and is none: it must be a durable quorum queue`;
  return undefined;
}

function bindingReason({ properties }: Thing, exchanges: ReadonlySet<string>, queues: ReadonlySet<string>) {
  const { source = "", destination = "", destinationType } = properties;
  if (destinationType !== "queue") return "a skill binds queues to exchanges, not exchanges to each other";
  if (!queues.has(destination)) return `the queue ${destination} is not adopted`;
  return exchanges.has(source) ? undefined : `the exchange ${source} is not adopted`;
}

const leadsTo = ({ properties }: Thing, { name }: Thing): boolean => properties.destination === name;

/** How often a message may return by RabbitMQ's own limit; a skill's highest `maxAttempts`, too. */
const RETURNS = 20;

/** What holds for a queue and its dead letters today, where a skill's default would be another. */
function asItIs(queue: Thing, queues: readonly Thing[], policies: readonly Thing[]): Record<string, unknown> {
  if (typeOf(queue) === "stream") return {};
  const settingsOf = (thing: Thing): Record<string, string> =>
    JSON.parse(effective(policies, thing)?.properties.definition ?? "{}");
  const returns = Number(settingsOf(queue)["delivery-limit"] ?? RETURNS);
  // The policy of a skill's queue lets a message return LOST_DELIVERIES - 1 times more than `maxAttempts`.
  const maxAttempts = returns < 0 ? RETURNS : Math.min(Math.max(returns + 1 - LOST_DELIVERIES, 1), RETURNS);
  const letters = queues.find(({ name }) => name === deadLetterQueueName(queue.name));
  const expiry = letters && settingsOf(letters)["message-ttl"];
  return {
    ...(typeOf(queue) === "quorum" && { retry: { maxAttempts } }),
    ...(letters && { deadLetter: { retention: expiry === undefined ? "forever" : toDuration(Number(expiry)) } }),
  };
}

function toQueue(queue: Thing, bindings: readonly Thing[], more: Record<string, unknown>): Record<string, unknown> {
  const all = bindings.map(({ properties: { source, routingKey, arguments: given } }) => ({
    exchange: source,
    ...(routingKey && { routingKey }),
    ...(given && { arguments: JSON.parse(given) }),
  }));
  return { type: typeOf(queue), ...(all.length > 0 && { bindings: all }), ...more };
}

/** The priority of the policies that the program makes. */
const OURS = 1000;

/** Policies that hold for what is adopted: the one that the program makes for a queue stands above them. */
const overridden = (policies: readonly Thing[], things: readonly Thing[]): LeftOut[] =>
  policies.flatMap((policy) =>
    ["queue", "exchange"].flatMap((kind) => {
      const hit = things
        .filter((thing) => thing.kind === kind && thing.name !== policy.name && matches(policy, thing))
        .map(({ name }) => name);
      if (hit.length === 0) return [];
      const which = `${hit.slice(0, 3).join(", ")}${hit.length > 3 ? " and others" : ""}`;
      return [{ what: named(policy), reason: `it applies to ${which}: ${effectOn(kind, policy)}` }];
    }),
  );

function effectOn(kind: string, policy: Thing): string {
  if (kind === "exchange" || policy.kind === "operator policy") return "it keeps applying to them";
  return priorityOf(policy) >= OURS
    ? `its priority of ${priorityOf(policy)} is not below ${OURS}, that of the policy that each gets of its own: it keeps applying to them, and ours does not apply`
    : "the policy that each gets of its own takes precedence, so it no longer applies to them";
}
