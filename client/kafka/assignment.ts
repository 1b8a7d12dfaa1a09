import { Reader, Writer } from "@platformatic/kafka";

/** By topic: partitions. */
export type Assignment = Map<string, number[]>;

/** A member of a group with the topics that it wants. */
export interface Member {
  memberId: string;
  topics: readonly string[];
}

/** What a member says of itself when it joins: Kafka's ConsumerProtocolSubscription, version 0. */
export const encodeSubscription = (topics: readonly string[]): Buffer =>
  Writer.create()
    .appendInt16(0)
    .appendArray([...topics], (writer, topic) => writer.appendString(topic, false), false, false)
    .appendInt32(0).buffer;

/** The topics of a subscription of any version: later ones only add at the end. */
export function decodeSubscription(subscription: Buffer | null): string[] {
  if (subscription === null || subscription.length === 0) return [];
  const reader = Reader.from(subscription);
  reader.readInt16();
  return reader.readArray((each) => each.readString(false), false, false) as string[];
}

/** What a member is given: Kafka's ConsumerProtocolAssignment, version 0. */
export const encodeAssignment = (assignment: Assignment): Buffer =>
  Writer.create()
    .appendInt16(0)
    .appendArray(
      [...assignment],
      (writer, [topic, partitions]) =>
        writer
          .appendString(topic, false)
          .appendArray(partitions, (each, partition) => each.appendInt32(partition), false, false),
      false,
      false,
    )
    .appendInt32(0).buffer;

/** The partitions of an assignment of any version; nobody may have been given any. */
export function decodeAssignment(assignment: Buffer | null): Assignment {
  if (assignment === null || assignment.length === 0) return new Map();
  const reader = Reader.from(assignment);
  reader.readInt16();
  const topics = reader.readArray(
    (each) =>
      [each.readString(false), each.readArray((inner) => inner.readInt32(), false, false)] as [string, number[]],
    false,
    false,
  );
  return new Map(topics as [string, number[]][]);
}

/**
 * Kafka's range assignment, as the Java client has it: each topic's partitions in runs, one a member, the first members get one more
 * where they do not come out even. So a partition of the work topic and those of its retry topics are one member's.
 */
export function rangeAssignment(members: readonly Member[], partitionCounts: ReadonlyMap<string, number>) {
  const assignments = new Map<string, Assignment>(members.map(({ memberId }) => [memberId, new Map()]));
  for (const [topic, count] of partitionCounts) {
    const takers = members.filter(({ topics }) => topics.includes(topic)).map(({ memberId }) => memberId);
    takers.sort();
    for (const [at, taker] of takers.entries()) {
      const first = Math.floor(count / takers.length) * at + Math.min(at, count % takers.length);
      const share = Math.floor(count / takers.length) + (at < count % takers.length ? 1 : 0);
      if (share > 0)
        assignments.get(taker)!.set(
          topic,
          Array.from({ length: share }, (_, index) => first + index),
        );
    }
  }
  return assignments;
}
