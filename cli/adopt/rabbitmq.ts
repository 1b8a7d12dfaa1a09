import type { Thing } from "../../live/inventory/index.ts";
import { deadLetterQueueName } from "../../skill/index.ts";
import { matches } from "../drift/policies.ts";
import { type Adopted, type LeftOut, OTHER_PASSWORD, sorted } from "./leftOut.ts";

/** The vhosts in which there is anything to adopt. */
export const vhostsIn = (things: readonly Thing[]): string[] => [
  ...new Set(things.flatMap(({ kind, scope }) => ((kind === "queue" || kind === "exchange") && scope ? [scope] : []))),
];

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
          ),
        ]),
      ),
    },
    leftOut: [
      ...exchanges.leftOut,
      ...queues.leftOut,
      ...bindings.leftOut,
      ...overridden([...of("policy"), ...of("operator policy")], queues.kept),
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

function toQueue(queue: Thing, bindings: readonly Thing[]): Record<string, unknown> {
  const all = bindings.map(({ properties: { source, routingKey, arguments: given } }) => ({
    exchange: source,
    ...(routingKey && { routingKey }),
    ...(given && { arguments: JSON.parse(given) }),
  }));
  return { type: typeOf(queue), ...(all.length > 0 && { bindings: all }) };
}

/** Policies that hold for an adopted queue: the one that the program makes for it stands above them. */
const overridden = (policies: readonly Thing[], queues: readonly Thing[]): LeftOut[] =>
  policies.flatMap((policy) => {
    const hit = queues.filter((queue) => queue.name !== policy.name && matches(policy, queue)).map(({ name }) => name);
    if (hit.length === 0) return [];
    const effect =
      policy.kind === "policy"
        ? "the policy that each gets of its own stands above it, and it holds for them no more"
        : "it goes on to hold for them";
    return [
      {
        what: named(policy),
        reason: `it holds for ${hit.slice(0, 3).join(", ")}${hit.length > 3 ? " and others" : ""}: ${effect}`,
      },
    ];
  });
