import type { Refused } from "../deadLetters.ts";
import { HEADERS, type Headers, redriveCount } from "../headers.ts";
import { ConnectionError, RefusedError, UntoldError } from "../message.ts";
import type { KafkaDeadLetters } from "../operator.ts";
import type { Cluster } from "./cluster.ts";
import { readLog } from "./log.ts";
import { patiently } from "./patience.ts";
import { originOf, type Place, placeIn } from "./places.ts";
import { identityOf, idOf, type NewRecord, rawOf, type StoredRecord } from "./records.ts";
import { wholeLog } from "./remaining.ts";
import { isRetryTopicOf } from "./state.ts";

/** Header of a dead letter that stands for a record which no topic takes: where that lies, `<topic>/<partition>/<offset>`. */
const SET_ASIDE = "x-set-aside";

/** Why a record is set aside, for people. */
export const setAsideFor = (record: StoredRecord, refusal: Error): string =>
  `the record is too large for every topic it could go to: it stays in ${placeOf(record)} for as long as that topic keeps it; its dead ` +
  `letter only points there: ${refusal.message}`;

/** What ends a consumer: a dead-letter topic that does not even take a note of a record. */
export const unnoted = (record: StoredRecord, topic: string, { message }: Error): RefusedError =>
  new RefusedError(
    `the record in ${placeOf(record)} is too large for every topic it could go to, and so is a note of where it lies: ${message}`,
    { advice: `let ${topic} take more (max.message.bytes) and restart it` },
  );

const placeOf = ({ topic, partition, offset }: StoredRecord) =>
  `partition ${partition} of ${topic} at offset ${offset}`;

/** The dead letter in place of a record of this flow: without key and value, and always with what finds it and tells it from another. */
export function noteOf(record: StoredRecord, topic: string, flow: string, headers: Headers): NewRecord {
  const identity = Object.entries(identityOf(record)).map(([name, text]) => [name, beginOf(text)]);
  const count = redriveCount(record.headers);
  const least = { ...Object.fromEntries(identity), ...(count > 0 && { [HEADERS.redriveCount]: String(count) }) };
  const rawHeaders = rawOf({ ...least, ...headers, [HEADERS.origin]: flow, [SET_ASIDE]: originOf(record) });
  return { topic, partition: record.partition, key: null, value: null, rawHeaders };
}

/** As many characters as a UUID has: a producer's own id or time may be longer than a topic takes. */
const beginOf = (text: string): string => /^.{0,36}/su.exec(text)![0];

/**
 * Where the record lies that a dead letter of this group stands for. Undefined for one that stands for itself: there a header that is
 * called {@link SET_ASIDE} is its producer's own. Whether that record is the one that was set aside, its id and time tell.
 */
export function notedIn(letter: StoredRecord, { groupId }: Pick<KafkaDeadLetters, "groupId">): Place | undefined {
  const { key, value, headers } = letter;
  const place = placeIn(headers[SET_ASIDE]);
  if (key !== null || value !== null || !place) return undefined;
  // The flow's topic may have been another, which this one replaces.
  const [, topic, group] = /^kafka\/([^/]+)\/(.+)$/.exec(headers[HEADERS.origin] ?? "") ?? [];
  if (topic === undefined || group !== groupId) return undefined;
  return place.topic === topic || isRetryTopicOf(topic, groupId)(place.topic) ? place : undefined;
}

/**
 * The record that a dead letter is, or stands for; why it stays, where that record cannot be had. Throws a ConnectionError where Kafka
 * does not answer.
 */
export async function whole(
  cluster: Cluster,
  own: Pick<KafkaDeadLetters, "groupId">,
  letter: StoredRecord,
): Promise<StoredRecord | Refused> {
  const place = notedIn(letter, own);
  if (!place) return letter;
  try {
    return await original(cluster, place, letter);
  } catch (error) {
    // What is not told of one partition holds up no other letter.
    if (error instanceof ConnectionError && !(error instanceof UntoldError)) throw error;
    return { id: idOf(letter), reason: error instanceof Error ? error.message : String(error) };
  }
}

async function original(cluster: Cluster, { topic, partition, offset }: Place, note: StoredRecord) {
  const doing = `reading ${topic}`;
  const leaders = await patiently(cluster, doing, async () => (await cluster.leaders([topic])).get(topic)!);
  if (partition >= leaders.length) throw new RefusedError(`${topic} has no partition ${partition}`);
  const [range] = await patiently(cluster, doing, () => wholeLog(cluster, topic, [partition]));
  const isThere = range !== undefined && offset >= range.from && offset < range.to;
  const { value: record } = isThere
    ? await readLog(cluster, { topic, partition, from: offset, to: offset + 1n }).next()
    : { value: undefined };
  if (!record) throw new RefusedError(`partition ${partition} of ${topic} has no record at offset ${offset} any more`);
  // A topic that was deleted and created again counts from 0 again.
  const { [HEADERS.id]: id, [HEADERS.publishedAt]: time } = identityOf(record);
  // Of a time that is no date, earlier versions noted something else.
  const isSame =
    tells(note.headers[HEADERS.id], id) && (time === undefined || tells(note.headers[HEADERS.publishedAt], time));
  if (!isSame) throw new RefusedError(`partition ${partition} of ${topic} has another record at offset ${offset}`);
  return record;
}

/** Whether a note has this of a record, or how it begins. */
const tells = (noted: string | undefined, text: string | undefined): boolean =>
  noted === text || (text !== undefined && noted === beginOf(text));
