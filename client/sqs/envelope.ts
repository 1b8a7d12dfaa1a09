import type { Message as SqsMessage } from "@aws-sdk/client-sqs";
import { HEADERS, type Headers } from "../headers.ts";
import type { Message } from "../message.ts";
import { type Attributes, toAttributes, toHeaders } from "./attributes.ts";
import { BODY_ENCODING, fromBody, toBody } from "./body.ts";
import { toId } from "./identity.ts";

/** What SendMessage is given, its queue aside. */
export interface Entry {
  MessageBody: string;
  MessageAttributes?: Attributes;
  MessageGroupId: string;
  MessageDeduplicationId: string;
}

/** A message as it was received, in the contract's words. */
export interface Envelope {
  /** SQS's own id of it. */
  messageId: string;
  receiptHandle: string;
  /** What its producer called it, or SQS's own id. */
  id: string;
  group: string;
  /** The key that it was published with; absent where its group is one of its own. */
  key?: string;
  headers: Headers;
  body: Buffer;
  /** Which receive this is, from 1. */
  receives: number;
  /** When SQS took it, by SQS's clock. */
  sentAt: Date;
  /** When it came, by our clock. */
  receivedAt: number;
  /** As it came, to be sent on. */
  raw: { body: string; attributes: Attributes };
}

/**
 * A message of an app, as SQS takes it. A message without a key is a group of its own, named by its id, so that publishing it again
 * is found out where deduplication counts by group, too.
 */
export function toEntry(message: Message, id: string, at: Date): Entry {
  const { text, encoding } = toBody(message.body);
  const group = toId(message.key ?? id);
  const headers: Headers = {
    ...message.headers,
    ...encoding,
    [HEADERS.id]: id,
    [HEADERS.publishedAt]: at.toISOString(),
    ...(message.key !== undefined && (group !== message.key || message.key === id) && { [HEADERS.key]: message.key }),
  };
  return {
    MessageBody: text,
    MessageAttributes: toAttributes(headers, {}),
    MessageGroupId: group,
    MessageDeduplicationId: toId(id),
  };
}

/** A received message; all of its attributes must have been asked for. */
export function toEnvelope(message: SqsMessage): Envelope {
  const { Attributes: system = {}, MessageAttributes: attributes = {}, Body: body = "" } = message;
  const headers = toHeaders(attributes);
  const id = headers[HEADERS.id] ?? message.MessageId!;
  const group = system.MessageGroupId!;
  const key = headers[HEADERS.key] ?? (group === toId(id) ? undefined : group);
  return {
    messageId: message.MessageId!,
    receiptHandle: message.ReceiptHandle!,
    id,
    group,
    ...(key !== undefined && { key }),
    ...fromBody(body, headers),
    receives: Number(system.ApproximateReceiveCount),
    sentAt: new Date(Number(system.SentTimestamp)),
    receivedAt: Date.now(),
    raw: { body, attributes },
  };
}

/** Seconds that a message may be hidden from its receive on. Source: SQS API reference, ChangeMessageVisibility. */
export const LONGEST_HIDDEN = 43_200;

/** Whole seconds since a message was received, the begun one counted. */
export const ageOf = ({ receivedAt }: Envelope): number => Math.ceil((Date.now() - receivedAt) / 1000);

/** A received message on its way to another place, with other headers and under a deduplication id of its own. */
export function forwarded({ raw, id, group }: Envelope, headers: Headers, deduplicationId: string): Entry {
  const encoding = bodyEncodingOf(raw.attributes);
  return {
    MessageBody: raw.body,
    MessageAttributes: toAttributes({ ...headers, ...encoding, [HEADERS.id]: id }, raw.attributes),
    MessageGroupId: group,
    MessageDeduplicationId: toId(deduplicationId),
  };
}

const bodyEncodingOf = (attributes: Attributes): Headers => {
  const { [BODY_ENCODING]: encoding } = toHeaders(attributes);
  return encoding === undefined ? {} : { [BODY_ENCODING]: encoding };
};
