import type { DeadLetter, Verdict } from "../deadLetters.ts";
import { HEADERS } from "../headers.ts";
import type { KafkaDeadLetters } from "../operator.ts";
import { idOf, type NewRecord, positionOf, type StoredRecord } from "./records.ts";

/** A record of a dead-letter topic as `messaging dlq` shows it. */
export function toDeadLetter(record: StoredRecord): DeadLetter {
  const { headers, key, value } = record;
  const text = headers[HEADERS.key] ?? key?.toString();
  return {
    id: idOf(record),
    ...(text !== undefined && { key: text }),
    headers,
    body: value ?? Buffer.alloc(0),
    at: new Date(endedAt(record)),
    position: positionOf(record),
  };
}

/** When a record ended, in milliseconds since 1970: its last failure, or when it was written. */
export function endedAt({ headers, timestamp }: StoredRecord): number {
  const last = Date.parse(headers[HEADERS.failures]?.split(",").at(-1) ?? "");
  return Number.isNaN(last) ? timestamp : last;
}

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
  { key, value, partition }: StoredRecord,
  { headers }: Extract<Verdict, { kind: "redrive" }>,
  { topic, groupId }: Target,
  keepsPartition: boolean,
): NewRecord {
  const { [HEADERS.notBefore]: _, ...kept } = headers;
  return {
    topic,
    ...(keepsPartition && { partition }),
    key,
    value,
    headers: { ...kept, [HEADERS.redriveGroup]: groupId },
  };
}

/** Where `to` leads: a flow of this environment, by the name that commands know it by. Throws a RangeError on anything else. */
export function targetOf(all: readonly KafkaDeadLetters[], to: string): Target {
  const found = all.find(({ flow }) => flow === to);
  if (!found) throw new RangeError(`to: must be a flow such as ${all[0]?.flow}, got ${to}`);
  return { topic: found.redriveTopic, groupId: found.groupId };
}

/** A record of a dead-letter topic to be written once more, at its end. */
export const again = ({ topic, partition, key, value, headers, timestamp }: StoredRecord): NewRecord => ({
  topic,
  partition,
  key,
  value,
  headers,
  timestamp,
});
