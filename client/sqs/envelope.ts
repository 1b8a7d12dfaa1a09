import type { Message as SqsMessage } from "@aws-sdk/client-sqs";
import { HEADERS, type Headers } from "../headers.ts";
import type { Message } from "../message.ts";
import { type Attributes, attributesOf, toHeaders, withHeaders } from "./attributes.ts";
import { fromBody, toBody } from "./body.ts";
import { toId } from "./identity.ts";

/** What SendMessage is given, its queue aside. */
export interface Entry {
  MessageBody: string;
  MessageAttributes?: Attributes;
  MessageSystemAttributes?: { AWSTraceHeader: { DataType: "String"; StringValue: string } };
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
  /** Whether SQS itself moved it here, from the queue whose dead letters these are. */
  wasMoved: boolean;
  /** When it came, by our clock. */
  receivedAt: number;
  /** As it came, to be sent on. */
  raw: { body: string; attributes: Attributes; trace?: string };
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
    MessageAttributes: attributesOf(headers),
    MessageGroupId: group,
    MessageDeduplicationId: toId(id),
  };
}

/** A received message; all of its attributes must have been asked for. */
export function toEnvelope(message: SqsMessage): Envelope {
  const { Attributes: system = {}, MessageAttributes: attributes = {}, Body: body = "" } = message;
  const headers = { ...countIn(system.MessageDeduplicationId), ...toHeaders(attributes) };
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
    wasMoved: system.DeadLetterQueueSourceArn !== undefined,
    receivedAt: Date.now(),
    raw: { body, attributes, ...(system.AWSTraceHeader !== undefined && { trace: system.AWSTraceHeader }) },
  };
}

/** Seconds that a message may be hidden from its receive on. Source: SQS API reference, ChangeMessageVisibility. */
export const LONGEST_HIDDEN = 43_200;

/** Whole seconds since a message was received, the begun one counted. */
export const ageOf = ({ receivedAt }: Envelope): number => Math.ceil((Date.now() - receivedAt) / 1000);

/**
 * A received message on its way to another place, with these headers of ours and under a deduplication id of its own; without any, as
 * it came. `ends`: it is to lie there, and not to be delivered.
 */
export function forwarded({ raw, id, group }: Envelope, ours: Headers, deduplicationId: string, ends: boolean): Entry {
  const bare = Object.keys(ours).length === 0;
  return {
    MessageBody: raw.body,
    MessageAttributes: bare ? raw.attributes : withHeaders(raw.attributes, { ...ours, [HEADERS.id]: id }, ends),
    ...(raw.trace !== undefined && {
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: raw.trace } },
    }),
    MessageGroupId: group,
    MessageDeduplicationId: toId(deduplicationId),
  };
}

/** The deduplication id of a dead letter on its way back. It tells how often that was done where the message has no room for headers. */
export const redriveId = (count: number, messageId: string): string => `${HEADERS.redriveCount}=${count}:${messageId}`;

const countIn = (deduplicationId = ""): Headers => {
  const [, count] = /^x-redrive-count=(\d+):/.exec(deduplicationId) ?? [];
  return count === undefined ? {} : { [HEADERS.redriveCount]: count };
};
