import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { Headers } from "../headers.ts";
import { ConnectionError, isTooLarge, RefusedError } from "../message.ts";
import { sendFitting } from "../outcome.ts";
import { call, nameOf, saysTooLarge } from "./api.ts";
import { ageOf, type Entry, type Envelope, LONGEST_HIDDEN, toEnvelope } from "./envelope.ts";

/** Messages that a call takes. Source: SQS API reference, SendMessageBatch and its like. */
export const MOST = 10;
/** Bytes that a batch may have in all. AWS allows 1 MiB since 2025; this is what it and every emulator allow. */
const MOST_BYTES = 262_144;

/** Seconds by which a handle is renewed that SQS takes for expired. */
const RENEWAL = 20;

/** Receives up to ten messages and hides them for `hold` seconds; waits for one, so many seconds. */
export async function receiveSome(
  sqs: SQSClient,
  QueueUrl: string,
  { most, hold, wait }: { most: number; hold: number; wait: number },
): Promise<Envelope[]> {
  const command = () =>
    new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: Math.min(most, MOST),
      VisibilityTimeout: hold,
      WaitTimeSeconds: wait,
      MessageAttributeNames: ["All"],
      MessageSystemAttributeNames: ["All"],
    });
  const { Messages = [] } = await call(() => sqs.send(command()));
  return Messages.map(toEnvelope);
}

/** Sends all, in order, and returns why some were not taken, by their index. */
export async function sendAll(sqs: SQSClient, QueueUrl: string, entries: Entry[]): Promise<Map<number, RefusedError>> {
  const refused = new Map<number, RefusedError>();
  const send = async (batch: (Entry & { Id: string })[]): Promise<void> => {
    const attempt = (Entries: typeof batch) => sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    const failed = await inBatch(QueueUrl, batch, attempt).catch(async (error) => {
      if (!isTooLarge(error)) throw error;
      // One that is too large by itself is refused as a batch, too.
      if (batch.length > 1) for (const one of batch) await send([one]);
      return new Map(batch.length > 1 ? [] : [[Number(batch[0]!.Id), error]]);
    });
    for (const [index, error] of failed) refused.set(index, error);
  };
  for (const batch of toBatches(entries)) await send(batch);
  return refused;
}

/** A message on its way from a queue to another. */
export interface Move {
  envelope: Envelope;
  /** Of ours; fewer where it is too large with them. */
  headers: Headers;
  /** Whether it is to lie there, which it does without any. */
  isEnd: boolean;
  toEntry: (headers: Headers) => Entry;
}

/** Moves messages, in order, ten at a time, and returns why some stayed. One that fits with fewer headers comes after its ten. */
export async function moveAll(
  sqs: SQSClient,
  from: string,
  to: string,
  moves: readonly Move[],
): Promise<Map<Envelope, RefusedError>> {
  const stayed = new Map<Envelope, RefusedError>();
  const sendLess = async (move: Move) =>
    sendFitting(move, undefined, (headers) =>
      call(() => sqs.send(new SendMessageCommand({ QueueUrl: to, ...move.toEntry(headers) }))),
    );
  for (const some of chunks(moves)) {
    const refused = await sendAll(
      sqs,
      to,
      some.map(({ headers, toEntry }) => toEntry(headers)),
    );
    for (const [index, error] of refused) {
      const move = some[index]!;
      const told = error.tooLarge ? await sendLess(move).catch(refusalOf) : error;
      if (told instanceof RefusedError) stayed.set(move.envelope, told);
    }
    const gone = some.map(({ envelope }) => envelope).filter((envelope) => !stayed.has(envelope));
    await removeAll(sqs, from, gone);
  }
  return stayed;
}

/** Deletes messages that are ours for now. */
export async function removeAll(sqs: SQSClient, QueueUrl: string, taken: readonly Envelope[]): Promise<void> {
  for (const some of chunks(taken)) {
    const remove = (Entries: Handle[]) =>
      inBatch(QueueUrl, Entries, (left) => sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: left })));
    const failed = await remove(some.map(toHandle));
    if (failed.size === 0) continue;
    // LocalStack 4.4 counts a handle's age from the receive, whatever the message was hidden for since.
    const old = some.filter((_, index) => failed.has(index));
    await hideAll(sqs, QueueUrl, old, Math.max(...old.map(ageOf)) + RENEWAL);
    for (const error of (await remove(old.map(toHandle))).values()) throw error;
  }
}

/** Hides messages that are ours for so many seconds from now; 0 gives them back. Those that are no longer ours are left out. */
export async function hideAll(
  sqs: SQSClient,
  QueueUrl: string,
  taken: readonly Envelope[],
  seconds: number,
): Promise<void> {
  for (const some of chunks(taken)) {
    const Entries = some.map((envelope, index) => {
      const VisibilityTimeout = Math.max(0, Math.min(seconds, LONGEST_HIDDEN - ageOf(envelope)));
      return { ...toHandle(envelope, index), VisibilityTimeout };
    });
    await call(() => sqs.send(new ChangeMessageVisibilityBatchCommand({ QueueUrl, Entries })));
  }
}

function refusalOf(error: unknown): RefusedError {
  if (error instanceof RefusedError) return error;
  throw error;
}

type Handle = { Id: string; ReceiptHandle: string };

const toHandle = ({ receiptHandle }: Envelope, index: number): Handle => ({
  Id: String(index),
  ReceiptHandle: receiptHandle,
});

/** Makes one call for several entries, again for those that failed by no fault of theirs, and returns why others failed. */
async function inBatch<T extends { Id: string }>(
  QueueUrl: string,
  entries: T[],
  attempt: (entries: T[]) => Promise<{ Failed?: BatchResultErrorEntry[] | undefined }>,
): Promise<Map<number, RefusedError>> {
  const refused = new Map<number, RefusedError>();
  let left = entries;
  await call(async () => {
    const { Failed = [] } = await attempt(left);
    for (const failure of Failed.filter(isRefusal)) refused.set(Number(failure.Id), refusedAt(QueueUrl, failure));
    const again = Failed.filter((failure) => !isRefusal(failure));
    left = left.filter(({ Id }) => again.some((failure) => failure.Id === Id));
    if (again.length > 0) throw new ConnectionError(refusedAt(QueueUrl, again[0]!).message);
  });
  return refused;
}

// LocalStack says of no failure whose fault it is.
const isRefusal = ({ SenderFault, Code }: BatchResultErrorEntry) =>
  SenderFault === true || /Invalid|NotExist|AccessDenied|TooLong|Unsupported/i.test(Code ?? "");

const refusedAt = (QueueUrl: string, { Code = "", Message = "" }: BatchResultErrorEntry) =>
  new RefusedError(`SQS, ${nameOf(QueueUrl)}: ${Message || Code}`, { tooLarge: saysTooLarge(Code, Message) });

/** Entries in batches that SQS takes: ten at most, and not too many bytes. One that is too large by itself is a batch of its own. */
export function toBatches(entries: readonly Entry[], mostBytes: number = MOST_BYTES): (Entry & { Id: string })[][] {
  const batches: (Entry & { Id: string })[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const [index, entry] of entries.entries()) {
    const size = sizeOf(entry);
    if (bytes + size > mostBytes || batches.at(-1)!.length === MOST) {
      batches.push([]);
      bytes = 0;
    }
    batches.at(-1)!.push({ Id: String(index), ...entry });
    bytes += size;
  }
  return batches;
}

/** What SQS counts of a message: its body, and names, types and values of its attributes. */
function sizeOf({ MessageBody, MessageAttributes = {} }: Entry): number {
  const attributes = Object.entries(MessageAttributes).map(
    ([name, { DataType = "", StringValue = "", BinaryValue = [] }]) =>
      Buffer.byteLength(name + DataType + StringValue) + BinaryValue.length,
  );
  return attributes.reduce((sum, size) => sum + size, Buffer.byteLength(MessageBody));
}

/** Ten at a time, as calls take them. */
export const chunks = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / MOST) }, (_, index) => all.slice(index * MOST, (index + 1) * MOST));
