import type { RabbitmqDestination } from "../access.ts";
import { AccessError } from "../message.ts";
import { mustBeShort } from "./content.ts";

/** Where a message is published. */
export interface Address {
  exchange: string;
  routingKey: string;
  /** What its headers must say for a headers exchange to route it. */
  headers: Record<string, string | number | boolean>;
}

/**
 * Where a message with this key goes to reach the queue. The key may be left out where only one leads there. Throws an AccessError
 * where no binding of the queue takes the key, which names those that there are.
 */
export function addressOf(queue: string, destinations: readonly RabbitmqDestination[], key?: string): Address {
  const routingKey = key ?? onlyKey(queue, destinations);
  const destination = destinations.find(({ routingKeys }) =>
    routingKeys.some((bindingKey) => matches(bindingKey, routingKey)),
  );
  if (!destination) {
    throw new AccessError(`rabbitmq/${queue}: key: must be ${keys(destinations)}, got ${JSON.stringify(routingKey)}`);
  }
  mustBeShort(routingKey, `rabbitmq/${queue}: key`);
  return { exchange: destination.exchange, routingKey, headers: headersOf(destination) };
}

function onlyKey(queue: string, destinations: readonly RabbitmqDestination[]): string {
  const all = destinations.flatMap(({ routingKeys }) => routingKeys);
  const [only] = all;
  if (only !== undefined && all.length === 1 && !isPattern(only)) return only;
  throw new AccessError(`rabbitmq/${queue}: key: must be given: ${keys(destinations)}`);
}

const keys = (destinations: readonly RabbitmqDestination[]): string =>
  destinations
    .flatMap(({ routingKeys }) => routingKeys)
    .map((key) => JSON.stringify(key))
    .join(" or ");

const isPattern = (bindingKey: string): boolean => bindingKey.split(".").some((word) => word === "*" || word === "#");

/** Whether a topic exchange routes the key by this binding key; without `*` and `#` they must be the same. An empty one is a fanout's. */
export function matches(bindingKey: string, key: string): boolean {
  if (bindingKey === "") return true;
  return matchWords(bindingKey.split("."), key.split("."));
}

function matchWords([first, ...rest]: string[], words: string[]): boolean {
  if (first === undefined) return words.length === 0;
  if (first === "#") return matchWords(rest, words) || (words.length > 0 && matchWords(["#", ...rest], words.slice(1)));
  return words.length > 0 && (first === "*" || first === words[0]) && matchWords(rest, words.slice(1));
}

/** The arguments of the first binding, but for the one that says how many of them must match. */
const headersOf = ({ headers: [first = {}] = [] }: RabbitmqDestination): Address["headers"] =>
  Object.fromEntries(Object.entries(first).filter(([name]) => name !== "x-match"));
