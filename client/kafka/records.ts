import { randomUUID } from "node:crypto";
import type { fetchV12, RecordsBatch } from "@platformatic/kafka";
import { attemptOf, HEADERS, type Headers, isContracts } from "../headers.ts";
import { textOfBytes } from "../headerText.ts";
import type { Delivery, Message } from "../message.ts";
import { type Codec, codecOf } from "./codecs.ts";

/** A record as it lies in a partition. */
export interface StoredRecord {
  topic: string;
  partition: number;
  offset: bigint;
  /** Milliseconds since 1970, as its producer has it: {@link dateOf} tells whether it is a date. */
  timestamp: number;
  /** As it was produced: a retry keeps it, text or not. */
  key: Buffer | null;
  /** `null` is a tombstone. */
  value: Buffer | null;
  rawHeaders: RawHeaders;
  /** The same as text. Of a name that is there twice, the last one counts. */
  headers: Headers;
  /** How the batch was compressed that it lay in. */
  codec: Codec;
}

/** Names and values as they are: of any name, any number of times, text or not, `null` or empty. */
export type RawHeaders = readonly (readonly [Buffer | null, Buffer | null])[];

/** A record to be produced. */
export interface NewRecord {
  topic: string;
  /** Default: by the key, as Java's producer does; without a key, each in turn. */
  partition?: number;
  key: Buffer | null;
  value: Buffer | null;
  rawHeaders: RawHeaders;
  /** Milliseconds since 1970. Default: now, so that the retention of where it goes counts from now. */
  timestamp?: number;
  /** How it was compressed where it comes from: so it fitted there. Default: not at all. */
  codec?: Codec;
}

/** What a fetch brought of one partition. */
export interface Fetched {
  records: StoredRecord[];
  /** Where to read on; after the last record, or after what the log no longer holds. */
  next: bigint;
}

const isControl = ({ attributes }: RecordsBatch) => (attributes & 0b10_0000) !== 0;
/** By `message.timestamp.type: LogAppendTime`. */
const isDatedByBroker = ({ attributes }: RecordsBatch) => (attributes & 0b1000) !== 0;

/** The records from an offset on. A broker answers with whole batches, so some may lie before it; markers of transactions are no records. */
export function recordsOf(
  topic: string,
  { partitionIndex, records }: fetchV12.FetchResponsePartition,
  from: bigint,
): Fetched {
  let next = from;
  const found: StoredRecord[] = [];
  for (const batch of records ?? []) {
    const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    if (end > next) next = end;
    if (isControl(batch)) continue;
    const codec = codecOf(batch);
    for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
      const offset = batch.firstOffset + BigInt(offsetDelta);
      if (offset < from) continue;
      const timestamp = Number(isDatedByBroker(batch) ? batch.maxTimestamp : batch.firstTimestamp + timestampDelta);
      // A copy: what was read is a view of the whole answer, which would stay in memory with it.
      const [ownKey, ownValue] = [copy(key), copy(value)];
      const place = { topic, partition: partitionIndex, offset, timestamp };
      const rawHeaders = headers.map(([name, own]) => [copy(name), copy(own)] as const);
      found.push({ ...place, key: ownKey, value: ownValue, rawHeaders, headers: textHeaders(rawHeaders), codec });
    }
  }
  return { records: found, next };
}

const copy = (bytes: Buffer | null): Buffer | null => bytes && Buffer.from(bytes);

const textHeaders = (headers: RawHeaders): Headers =>
  Object.fromEntries(headers.map(([name, value]) => [textOfBytes(name ?? none), textOfBytes(value ?? none)]));

const none = Buffer.alloc(0);

/** Headers that are text, as a record has them. */
export const rawOf = (headers: Headers): RawHeaders =>
  Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)] as const);

/** A message's own headers as they are, and these of the contract in place of all that it has of it. */
export const withContracts = (headers: RawHeaders, contracts: Headers): RawHeaders => [
  ...headers.filter(([name]) => !isContracts(String(name))),
  ...rawOf(contracts),
];

/** A message of an app as a record. */
export function toRecord(topic: string, { body, key, headers, id = randomUUID() }: Message, at: Date) {
  const record: NewRecord = {
    topic,
    key: key === undefined ? null : Buffer.from(key),
    value: Buffer.from(body),
    rawHeaders: rawOf({ ...headers, [HEADERS.id]: id, [HEADERS.publishedAt]: at.toISOString() }),
  };
  return { id, record };
}

/** A record as its consumer gets it. A producer that gave it no identity is made up for by its place, which retries keep. */
export function toDelivery(record: StoredRecord, flow: string): Delivery {
  const { key, value } = record;
  const headers = { ...record.headers, ...identityOf(record) };
  return {
    id: idOf(record),
    body: value ?? Buffer.alloc(0),
    ...(key !== null && { key: textOfBytes(key) }),
    headers,
    attempt: attemptOf(headers),
    flow,
  };
}

/** A record's identity. */
export const idOf = ({ topic, partition, offset, headers }: StoredRecord): string =>
  headers[HEADERS.id] ?? `${topic}/${partition}/${offset}`;

/** When a record was published first: where nobody noted it, when it was written, as far as that tells. */
export const publishedAt = ({ headers, timestamp }: StoredRecord): string | undefined =>
  headers[HEADERS.publishedAt] ?? dateOf(timestamp)?.toISOString();

/** The headers that tell which record it is, also where its producer gave it none. */
export function identityOf(record: StoredRecord): Headers {
  const time = publishedAt(record);
  return { [HEADERS.id]: idOf(record), ...(time !== undefined && { [HEADERS.publishedAt]: time }) };
}

/**
 * Milliseconds since 1970 as a date. Kafka takes any number for a time, micro- and nanoseconds too: undefined where it is no date that
 * every language has.
 */
export function dateOf(milliseconds: number): Date | undefined {
  const date = new Date(milliseconds);
  const year = date.getUTCFullYear();
  return year >= 1 && year <= 9999 ? date : undefined;
}

/** Where a record lies, for people. */
export const positionOf = ({ partition, offset }: StoredRecord): string => `partition ${partition} offset ${offset}`;

/** By how much clocks may differ, in milliseconds. */
const skew = 60_000;

/**
 * When a record may be handled, in milliseconds since 1970: at once where nothing says otherwise. `longest`: the longest delay, in
 * milliseconds, that the group gives a record when it writes it; one that asks for more would hold back its partition for ever.
 */
export function dueAt({ headers, timestamp }: StoredRecord, longest: number): number {
  const time = Date.parse(headers[HEADERS.notBefore] ?? "");
  return Number.isNaN(time) ? 0 : Math.min(time, timestamp + longest + skew);
}

/** Roughly how much memory a record takes, in bytes. */
export const sizeOf = ({ key, value, rawHeaders }: Pick<StoredRecord, "key" | "value" | "rawHeaders">): number =>
  [key, value, ...rawHeaders.flat()].reduce((sum, part) => sum + (part?.length ?? 0), 512);
