import { randomUUID } from "node:crypto";
import type { fetchV12, RecordsBatch } from "@platformatic/kafka";
import { attemptOf, HEADERS, type Headers } from "../headers.ts";
import type { Delivery, Message } from "../message.ts";

/** A record as it lies in a partition. */
export interface StoredRecord {
  topic: string;
  partition: number;
  offset: bigint;
  /** Milliseconds since 1970. */
  timestamp: number;
  /** As it was produced: a retry keeps it, text or not. */
  key: Buffer | null;
  /** `null` is a tombstone. */
  value: Buffer | null;
  headers: Headers;
  /** The headers as they are, where they were asked for: of any name, any number of times, text or not. */
  rawHeaders?: RawHeaders;
}

/** Names and values. */
export type RawHeaders = readonly (readonly [Buffer | null, Buffer | null])[];

/** A record to be produced. */
export interface NewRecord {
  topic: string;
  /** Default: by the key, as Java's producer does; without a key, each in turn. */
  partition?: number;
  key: Buffer | null;
  value: Buffer | null;
  headers: Headers;
  /** In place of `headers`. */
  rawHeaders?: RawHeaders;
  /** Milliseconds since 1970. Default: now. */
  timestamp?: number;
}

/** What a fetch brought of one partition. */
export interface Fetched {
  records: StoredRecord[];
  /** Where to read on; after the last record, or after what the log no longer holds. */
  next: bigint;
}

const isControl = (batch: RecordsBatch) => (batch.attributes & 0b10_0000) !== 0;

/** The records from an offset on. A broker answers with whole batches, so some may lie before it; markers of transactions are no records. */
export function recordsOf(
  topic: string,
  { partitionIndex, records }: fetchV12.FetchResponsePartition,
  from: bigint,
  raw = false,
): Fetched {
  let next = from;
  const found: StoredRecord[] = [];
  for (const batch of records ?? []) {
    const end = batch.firstOffset + BigInt(batch.lastOffsetDelta) + 1n;
    if (end > next) next = end;
    if (isControl(batch)) continue;
    for (const { offsetDelta, timestampDelta, key, value, headers } of batch.records) {
      const offset = batch.firstOffset + BigInt(offsetDelta);
      if (offset < from) continue;
      const timestamp = Number(batch.firstTimestamp + timestampDelta);
      // A copy: what was read is a view of the whole answer, which would stay in memory with it.
      const [ownKey, ownValue] = [copy(key), copy(value)];
      const place = { topic, partition: partitionIndex, offset, timestamp };
      const rawHeaders = raw && { rawHeaders: headers.map(([name, text]) => [copy(name), copy(text)] as const) };
      found.push({ ...place, key: ownKey, value: ownValue, headers: textHeaders(headers), ...rawHeaders });
    }
  }
  return { records: found, next };
}

const copy = (bytes: Buffer | null): Buffer | null => bytes && Buffer.from(bytes);

/** Of a name that is there twice, the last one counts. */
const textHeaders = (headers: readonly [Buffer | null, Buffer | null][]): Headers =>
  Object.fromEntries(headers.map(([name, value]) => [name?.toString() ?? "", value?.toString() ?? ""]));

/** A message of an app as a record. */
export function toRecord(topic: string, { body, key, headers, id = randomUUID() }: Message, at: Date) {
  const record: NewRecord = {
    topic,
    key: key === undefined ? null : Buffer.from(key),
    value: Buffer.from(body),
    headers: { ...headers, [HEADERS.id]: id, [HEADERS.publishedAt]: at.toISOString() },
  };
  return { id, record };
}

/** A record as its consumer gets it. A producer that gave it no identity is made up for by its place, which retries keep. */
export function toDelivery(record: StoredRecord, flow: string): Delivery {
  const { key, value, timestamp } = record;
  const headers = {
    ...record.headers,
    [HEADERS.id]: idOf(record),
    [HEADERS.publishedAt]: record.headers[HEADERS.publishedAt] ?? new Date(timestamp).toISOString(),
  };
  return {
    id: headers[HEADERS.id],
    body: value ?? Buffer.alloc(0),
    ...(key !== null && { key: key.toString() }),
    headers,
    attempt: attemptOf(headers),
    flow,
  };
}

/** A record's identity. */
export const idOf = ({ topic, partition, offset, headers }: StoredRecord): string =>
  headers[HEADERS.id] ?? `${topic}/${partition}/${offset}`;

/** Where a record lies, for people. */
export const positionOf = ({ partition, offset }: StoredRecord): string => `partition ${partition} offset ${offset}`;

/** When a record may be handled, in milliseconds since 1970: at once where nothing says otherwise. */
export function dueAt({ headers }: StoredRecord): number {
  const time = Date.parse(headers[HEADERS.notBefore] ?? "");
  return Number.isNaN(time) ? 0 : time;
}

/** Roughly how much memory a record takes. */
export const sizeOf = ({ key, value }: Pick<StoredRecord, "key" | "value">): number =>
  512 + (key?.length ?? 0) + (value?.length ?? 0);
