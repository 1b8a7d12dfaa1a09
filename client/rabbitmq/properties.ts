import { randomUUID } from "node:crypto";
import type { Envelope } from "rabbitmq-client";
import { attemptOf, HEADERS, type Headers } from "../headers.ts";
import type { Delivery } from "../message.ts";
import type { Received } from "./rawBodies.ts";

type Raw = Record<string, unknown>;

// What the broker writes for itself, and CC and BCC, by which a message that is published again would reach other queues again.
const brokersOwn = /^(x-death|x-(first|last)-death-.*|x-delivery-count|x-acquired-count|CC|BCC)$/;

/** The message with an identity: its own, or a new one that it keeps from its first retry on. */
export const identified = (message: Received): Received & { messageId: string } => ({
  ...message,
  messageId: message.messageId || textOf(message.headers?.[HEADERS.id] ?? "") || randomUUID(),
});

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
  if (Buffer.isBuffer(value)) return value.toString("utf8");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/**
 * The message's properties and these headers, to publish it again. A header whose text did not change keeps its type. Left out are
 * the expiration, which would end it early in a delay tier or among the dead letters, and the user id, which only its producer may use.
 */
export function republished(message: Received & { messageId: string }, headers: Headers): Envelope {
  const { contentType, contentEncoding, priority, correlationId, replyTo, messageId, timestamp, type, appId } = message;
  return {
    contentType,
    contentEncoding,
    priority,
    correlationId,
    replyTo,
    messageId,
    timestamp,
    type,
    appId,
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, typed(message, name, text)])),
  };
}

function typed({ headers = {} }: Received, name: string, text: string): unknown {
  const value = headers[name];
  // The library would write bytes as a table.
  return value !== undefined && !Buffer.isBuffer(value) && textOf(value) === text ? value : text;
}
