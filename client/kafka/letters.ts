import type { DeadLetter } from "../deadLetters.ts";
import { failedAt } from "../failure.ts";
import { HEADERS, type Headers } from "../headers.ts";
import { textOfBytes } from "../headerText.ts";
import type { KafkaDeadLetters } from "../operator.ts";
import { dateOf, idOf, type NewRecord, positionOf, type StoredRecord, withContracts } from "./records.ts";

/** A record of a dead-letter topic as `messaging dlq` shows it. */
export function toDeadLetter(record: StoredRecord): DeadLetter {
  const { headers, key, value } = record;
  const at = endedAt(record);
  return {
    id: idOf(record),
    ...(key && { key: textOfBytes(key) }),
    headers,
    body: value ?? Buffer.alloc(0),
    ...(at && { at }),
    position: positionOf(record),
  };
}

/** Kafka Connect and Kafka Streams write a dead letter with the time of the record that failed. */
const OLD_TIME = /^__(?:connect|streams)\.errors\./;

/** When a record ended: its last failure, or when it was written. Undefined: nothing tells, or no date. */
export const endedAt = ({ headers, timestamp }: StoredRecord): Date | undefined =>
  failedAt(headers) ?? (Object.keys(headers).some((name) => OLD_TIME.test(name)) ? undefined : dateOf(timestamp));

/** Orders records by when they ended, as far as anything tells. */
export const byTime = (record: StoredRecord): number => endedAt(record)?.getTime() ?? record.timestamp;

/** Where redriven records go. */
export interface Target {
  topic: string;
  groupId: string;
}

/**
 * The record that a redrive publishes: for one group alone, in the partition of the same number, as a key stays in its partition.
 * Without a time before which it is not to be handled, the group gets it at once.
 */
export function redriven(
  { key, value, partition, rawHeaders, codec }: StoredRecord,
  headers: Headers,
  { topic, groupId }: Target,
  keepsPartition: boolean,
): NewRecord {
  const { [HEADERS.notBefore]: _, ...kept } = headers;
  return {
    topic,
    ...(keepsPartition && { partition }),
    key,
    value,
    rawHeaders: withContracts(rawHeaders, { ...kept, [HEADERS.redriveGroup]: groupId }),
    codec,
  };
}

/** Where `to` leads: a flow of this environment, by the name that commands know it by. Throws a RangeError on anything else. */
export function targetOf(all: readonly KafkaDeadLetters[], to: string): Target {
  const found = all.find(({ flow }) => flow === to);
  if (!found) throw new RangeError(`to: must be a flow such as ${all[0]?.flow}, got ${to}`);
  return { topic: found.redriveTopic, groupId: found.groupId };
}

/** A record of a dead-letter topic to be written once more, at its end. */
export const again = ({ offset: _, headers: __, ...same }: StoredRecord): NewRecord => same;
