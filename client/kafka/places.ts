import type { Headers } from "../headers.ts";
import type { Cluster } from "./cluster.ts";
import { readLog } from "./log.ts";
import type { Offsets } from "./offsets.ts";
import type { StoredRecord } from "./records.ts";
import { wholeLog } from "./remaining.ts";

/** Header of a copied record: where it lay in the old topic, `<topic>/<partition>/<offset>`. */
export const COPIED_FROM = "x-copied-from";

/** Where a record lies, as {@link COPIED_FROM} says it. */
export const originOf = ({ topic, partition, offset }: Pick<StoredRecord, "topic" | "partition" | "offset">): string =>
  `${topic}/${partition}/${offset}`;

/** Where a record lies, as such a text says it: it may be nowhere. */
export type Place = Pick<StoredRecord, "topic" | "partition" | "offset">;

/** The place that such a text says. */
export function placeIn(text = ""): Place | undefined {
  const [, topic, partition, offset] = /^(.+)\/(\d+)\/(\d+)$/.exec(text) ?? [];
  return topic === undefined ? undefined : { topic, partition: Number(partition), offset: BigInt(offset!) };
}

/** Whether a record of the new topic is the copy of one that a group with these positions has handled in the old topic. */
export function isHandled(headers: Headers, old: string, positions: Offsets): boolean {
  const place = placeIn(headers[COPIED_FROM]);
  return place?.topic === old && place.offset < (positions.get(place.partition) ?? 0n);
}

/**
 * Where a group goes on in each partition of the new topic: at the first record that it has not handled in the old one, from `start`
 * on. What nobody copied was never in the old one.
 */
export async function placesIn(
  cluster: Cluster,
  { old, next }: { old: string; next: string },
  positions: Offsets,
  start: Offsets,
): Promise<Offsets> {
  const places: Offsets = new Map();
  for (const range of await wholeLog(cluster, next)) {
    const { partition, from } = range;
    const begin = start.get(partition) ?? from;
    let place = begin > from ? begin : from;
    for await (const record of readLog(cluster, { ...range, from: place })) {
      if (!isHandled(record.headers, old, positions)) break;
      place = record.offset + 1n;
    }
    places.set(partition, place);
  }
  return places;
}

/** Whether two groups of positions are the same. */
export const samePlaces = (one: Offsets, other: Offsets): boolean =>
  one.size === other.size && [...one].every(([partition, offset]) => other.get(partition) === offset);
