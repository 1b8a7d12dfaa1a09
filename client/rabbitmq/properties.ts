import { randomUUID } from "node:crypto";
import { attemptOf, HEADERS, type Headers, isContractsOnRabbitmq } from "../headers.ts";
import type { Delivery } from "../message.ts";
import { headersIn, isShort, type Properties, shortText, tableOf, textHeader } from "./content.ts";
import type { Received } from "./rawBodies.ts";

type Raw = Record<string, unknown>;

// What the broker writes for itself, and CC and BCC, by which a message that is published again would reach other queues again.
const brokersOwn = /^(x-death|x-(first|last)-death-(exchange|queue|reason)|x-delivery-count|x-acquired-count|CC|BCC)$/;

/** Whether a header is the message's own: neither the broker's nor the contract's. */
const isOwn = (name: string): boolean => !brokersOwn.test(name) && !isContractsOnRabbitmq(name);

/** Whether a header belongs to the message where it stands: what the broker counts there, and CC, do not. */
export const isKeptInPlace = (name: string): boolean => !/^(x-delivery-count|x-acquired-count|CC|BCC)$/.test(name);

/**
 * The message with an identity: its own, or a new one that it keeps from its first retry on. A header of a foreign client's may be longer
 * than the property that it becomes.
 */
export function identified(message: Received): Received & { messageId: string } {
  const told = textOf(message.headers?.[HEADERS.id] ?? "");
  return { ...message, messageId: message.messageId || (isShort(told) && told) || randomUUID() };
}

/** What the handler gets. Deliveries that nobody answered are no attempts: {@link unansweredOf}. */
export function toDelivery(message: Received & { messageId: string }, flow: string): Delivery {
  const headers = textHeaders(message.headers);
  return {
    id: message.messageId,
    body: message.body,
    key: keyOf(message),
    headers,
    attempt: attemptOf(headers),
    flow,
  };
}

/** The key that it was published with: a retry is published with the queue's name. */
const keyOf = ({ headers, routingKey }: Received): string => {
  const kept = headers?.[HEADERS.key];
  return kept === undefined ? routingKey : textOf(kept);
};

/** How often the broker gave it out without an answer; a classic queue does not count. */
export const unansweredOf = (headers: Raw = {}): number => Number(headers["x-delivery-count"] ?? 0) || 0;

/** The headers without the broker's own, each as text. */
export function textHeaders(headers: Raw = {}): Headers {
  const kept = Object.entries(headers).filter(([name, value]) => !brokersOwn.test(name) && value !== undefined);
  return Object.fromEntries(kept.map(([name, value]) => [name, textOf(value)]));
}

/** A header's value as text: numbers and such as they are written, lists and tables as JSON. */
export function textOf(value: unknown): string {
  if (value === null) return "";
  // JSON has no room for such large numbers in JavaScript.
  const asText = (_: string, part: unknown) => (typeof part === "bigint" ? String(part) : part);
  return typeof value === "object" ? JSON.stringify(value, asText) : String(value);
}

/**
 * The properties to publish a message with again: its own byte for byte, its own headers, and these. Left out are the expiration, which
 * would end it early in a delay tier or among the dead letters, and the user id, which only its producer may use.
 */
export function republished(
  { properties, messageId }: Pick<Received, "properties"> & { messageId: string },
  headers: Headers,
  keeps: (name: string) => boolean = isOwn,
): Properties {
  const own = headersIn(properties.get("headers")).filter(({ name }) => keeps(name));
  const written = Object.entries(headers).map(([name, text]) => textHeader(name, text));
  const table = properties.has("headers") || written.length > 0 ? tableOf([...own, ...written]) : undefined;
  const next = new Map(properties);
  next.delete("expiration");
  next.delete("userId");
  if (table) next.set("headers", table);
  next.set("deliveryMode", PERSISTENT);
  if (!properties.get("messageId")?.[0]) next.set("messageId", shortText(messageId));
  return next;
}

const PERSISTENT = Buffer.from([2]);

/** The contract's headers that only RabbitMQ needs: the first routing key, and the expiration that a message had. */
export const keptHeaders = (
  { headers = {}, expiration }: Pick<Received, "headers" | "expiration">,
  key?: string,
): Headers => {
  const before = headers[HEADERS.expiration] ?? expiration;
  return {
    ...(key !== undefined && { [HEADERS.key]: key }),
    ...(before !== undefined && { [HEADERS.expiration]: textOf(before) }),
  };
};
