import {
  type BatchResultErrorEntry,
  ChangeMessageVisibilityBatchCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import { ConnectionError, RefusedError } from "../message.ts";
import { call } from "./api.ts";
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
  for (const batch of toBatches(entries)) {
    const failed = await inBatch(batch, (Entries) => sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries })));
    for (const [index, error] of failed) refused.set(index, error);
  }
  return refused;
}

/** Deletes messages that are ours for now. */
export async function removeAll(sqs: SQSClient, QueueUrl: string, taken: readonly Envelope[]): Promise<void> {
  for (const some of chunks(taken)) {
    const remove = (Entries: Handle[]) =>
      inBatch(Entries, (left) => sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries: left })));
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

type Handle = { Id: string; ReceiptHandle: string };

const toHandle = ({ receiptHandle }: Envelope, index: number): Handle => ({
  Id: String(index),
  ReceiptHandle: receiptHandle,
});

/** Makes one call for several entries, again for those that failed by no fault of theirs, and returns why others failed. */
async function inBatch<T extends { Id: string }>(
  entries: T[],
  attempt: (entries: T[]) => Promise<{ Failed?: BatchResultErrorEntry[] | undefined }>,
): Promise<Map<number, RefusedError>> {
  const refused = new Map<number, RefusedError>();
  let left = entries;
  await call(async () => {
    const { Failed = [] } = await attempt(left);
    for (const failure of Failed.filter(isRefusal)) refused.set(Number(failure.Id), toError(failure));
    const again = Failed.filter((failure) => !isRefusal(failure));
    left = left.filter(({ Id }) => again.some((failure) => failure.Id === Id));
    if (again.length > 0) throw new ConnectionError(toError(again[0]!).message);
  });
  return refused;
}

// LocalStack says of no failure whose fault it is.
const isRefusal = ({ SenderFault, Code }: BatchResultErrorEntry) =>
  SenderFault === true || /Invalid|NotExist|AccessDenied|TooLong|Unsupported/i.test(Code ?? "");

const toError = ({ Code = "", Message = "" }: BatchResultErrorEntry) => new RefusedError(`SQS: ${Message || Code}`);

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

const chunks = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / MOST) }, (_, index) => all.slice(index * MOST, (index + 1) * MOST));
