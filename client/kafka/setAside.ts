import type { Headers } from "../headers.ts";
import { RefusedError } from "../message.ts";
import type { Cluster } from "./cluster.ts";
import { readLog } from "./log.ts";
import { originOf, placeIn } from "./places.ts";
import { type NewRecord, rawOf, type StoredRecord } from "./records.ts";

/** Header of a dead letter that stands for a record which no topic takes: where that lies, `<topic>/<partition>/<offset>`. */
export const SET_ASIDE = "x-set-aside";

/** Why a record is set aside, for people. */
export const setAsideFor = ({ topic, partition, offset }: StoredRecord, refusal: Error): string =>
  `the record stays in partition ${partition} of ${topic} at offset ${offset}, for as long as that topic keeps it, and its dead letter ` +
  `only says so, as it is too large: ${refusal.message}`;

/** The dead letter in place of a record: without key and value. */
export const noteOf = (record: StoredRecord, topic: string, headers: Headers): NewRecord => ({
  topic,
  partition: record.partition,
  key: null,
  value: null,
  rawHeaders: rawOf({ ...headers, [SET_ASIDE]: originOf(record) }),
});

export const isSetAside = ({ headers }: StoredRecord): boolean => SET_ASIDE in headers;

/** The record that a dead letter is, or stands for. Throws a RefusedError where that is no more. */
export async function whole(cluster: Cluster, letter: StoredRecord): Promise<StoredRecord> {
  const place = placeIn(letter.headers[SET_ASIDE]);
  if (!place) return letter;
  const { topic, partition, offset: from } = place;
  const { value } = await readLog(cluster, { topic, partition, from, to: from + 1n }).next();
  if (value) return value;
  throw new RefusedError(`partition ${partition} of ${topic} has no record at offset ${from} any more`);
}
