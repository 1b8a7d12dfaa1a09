import type { Message as SqsMessage } from "@aws-sdk/client-sqs";
import { HEADERS, type Headers, redriveCount } from "../headers.ts";
import { type Message, RefusedError } from "../message.ts";
import { type Attributes, attributesOf, toHeaders, withHeaders, withoutKept } from "./attributes.ts";
import { BODY_ENCODING, fromBody, toBody } from "./body.ts";
import { toId } from "./identity.ts";
import { withProtoName } from "./protoName.ts";

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
  /** When a dead letter ended that a redrive has put to the end of its queue since: ISO 8601, or `unknown`. */
  kept?: string;
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
  if (message.headers?.[BODY_ENCODING] !== undefined) {
    throw new RefusedError(
      `header ${BODY_ENCODING} is the contract's on SQS: it tells how the body is encoded. Give yours another name`,
    );
  }
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
  const { Attributes: system = {}, MessageAttributes = {}, Body: body = "" } = message;
  const all = withProtoName(MessageAttributes);
  const noted = notedIn(system.MessageDeduplicationId);
  const wasMoved = system.DeadLetterQueueSourceArn !== undefined;
  // Of the letters in a dead-letter queue, those that SQS itself moved have the deduplication id of their producer.
  const { attributes, kept } = wasMoved ? { attributes: all } : keptIn(noted.base, all);
  const headers = { ...noted.id, ...toHeaders(attributes), ...noted.count };
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
    wasMoved,
    ...(kept !== undefined && { kept }),
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
 * it came. `ends`: it is to lie there, and not to be delivered. Where no header has room to say what it is and how often it was
 * redriven, its deduplication id does.
 */
export function forwarded(envelope: Envelope, ours: Headers, deduplicationId: string, ends: boolean): Entry {
  const { raw, id, group } = envelope;
  const bare = Object.keys(ours).length === 0;
  const attributes = bare ? raw.attributes : withHeaders(raw.attributes, { ...ours, [HEADERS.id]: id }, ends);
  return {
    MessageBody: raw.body,
    MessageAttributes: attributes,
    ...(raw.trace !== undefined && {
      MessageSystemAttributes: { AWSTraceHeader: { DataType: "String", StringValue: raw.trace } },
    }),
    MessageGroupId: group,
    MessageDeduplicationId: toId(
      noting(deduplicationId, id, redriveCount({ ...envelope.headers, ...ours }), attributes),
    ),
  };
}

/** A deduplication id that says what these attributes do not: `x-redrive-count=<count>:`, the message's id and `:`, then itself. */
function noting(deduplicationId: string, id: string, count: number, attributes: Attributes): string {
  const told = toHeaders(attributes);
  const missing = told[HEADERS.id] === id ? "" : `${id}:`;
  if (missing === "" && redriveCount(told) === count) return deduplicationId;
  return `${HEADERS.redriveCount}=${count}:${missing}${deduplicationId}`;
}

/** What {@link noting} noted. Earlier versions noted no id. */
function notedIn(deduplicationId = ""): { id?: Headers; count?: Headers; base: string } {
  const [, count, id, base] = /^x-redrive-count=(\d{1,9}):(?:([^:]+):)?(.+)$/.exec(deduplicationId) ?? [];
  if (count === undefined) return { base: deduplicationId };
  return {
    ...(id !== undefined && { id: { [HEADERS.id]: id } }),
    ...(count !== "0" && { count: { [HEADERS.redriveCount]: count } }),
    base: base!,
  };
}

/** The deduplication id of a dead letter that goes to the end of its queue: the same whenever it is tried, after a crash too. */
export const keptId = (messageId: string, endedAt: Date | undefined): string =>
  `${messageId}-kept-${endedAt?.getTime() ?? "unknown"}`;

/** Whether a dead letter was put to the end of its queue, and when it had ended. Earlier versions noted that among its headers. */
function keptIn(deduplicationId: string, attributes: Attributes): { attributes: Attributes; kept?: string } {
  const [, earlier, at] = /^[\da-f-]{36}(?:(-kept)|-kept-(\d{1,15}|unknown))$/.exec(deduplicationId) ?? [];
  if (earlier !== undefined) return withoutKept(attributes);
  return { attributes, ...(at !== undefined && { kept: at === "unknown" ? at : new Date(Number(at)).toISOString() }) };
}
