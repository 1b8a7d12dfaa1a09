import type { Cluster } from "./cluster.ts";
import type { Range } from "./log.ts";
import { committedOffsets, type Offsets } from "./offsets.ts";
import { begin, remaining, wholeLog } from "./remaining.ts";

/** One topic of those that are replaced together, and where its records are copied to. */
export interface ReplacedLog {
  from: string;
  to: string;
  /** `work`: all of it; `retry`: what its group has not handed on yet; `deadLetters`: what nobody removed. */
  kind: "work" | "retry" | "deadLetters";
  /** Whose retries or dead letters. */
  groupId?: string;
  /** Whether other groups read where it is copied to, and must pass over it. */
  shared?: boolean;
}

/** The consumer group that keeps how far a topic was copied. */
export const copyGroup = (topic: string): string => `messaging.replace.${topic}`;

/** The consumer group that keeps which place another one was given in the new topic: where that has another one, it went on. */
export const placeGroup = (topic: string, groupId: string): string => `${copyGroup(topic)}.${groupId}`;

/** Of each partition what is not copied yet. */
export async function uncopied(cluster: Cluster, log: ReplacedLog): Promise<Range[]> {
  const { from: topic } = log;
  const [ranges, marks, starts] = await Promise.all([
    wholeLog(cluster, topic),
    committedOffsets(cluster, copyGroup(topic), [topic]),
    startsOf(cluster, log),
  ]);
  return ranges.map((range) => {
    const copied = begin(range, marks.get(topic)!.get(range.partition));
    const start = starts.get(range.partition) ?? copied;
    return { ...range, from: start > copied && start <= range.to ? start : copied };
  });
}

async function startsOf(cluster: Cluster, { from, kind, groupId }: ReplacedLog): Promise<Offsets> {
  if (kind === "work") return new Map();
  if (kind === "retry") return (await committedOffsets(cluster, groupId!, [from])).get(from)!;
  return new Map((await remaining(cluster, from)).map((range) => [range.partition, range.from]));
}
