import type { GroupFigures, KafkaFigures, PartitionFigures } from "../../live/health/kafka.ts";
import type { Access } from "./declared.ts";
import { counted, type Finding, gone, type Limits, lasting, NEARLY_FULL, those, untold } from "./finding.ts";
import { hasPosition, positionFindings } from "./kafkaPositions.ts";
import { topicFindings } from "./kafkaTopics.ts";

/** The troubles in two looks at Kafka, some seconds apart. */
export function kafkaFindings(
  [before, now]: [KafkaFigures, KafkaFigures],
  { after }: Limits,
  access: Access = {},
  at = new Date(),
): Finding[] {
  const retention = new Map(now.topics.map(({ topic, retentionMs }) => [topic, retentionMs]));
  const place = ({ flow, topic }: GroupFigures) => `${flow} ${topic}`;
  const earlier = new Map(before.groups.map((group) => [place(group), group]));
  const lost = positionFindings(now.groups, access);
  const why = new Map(now.untold.map((one) => [one.flow, one.why]));
  return [
    ...now.missing.map(({ flow, topic }) => gone(flow, `topic ${topic}`, "what is to be written there is refused")),
    ...now.topics.flatMap(topicFindings),
    ...[...why].map(([flow, said]) => untold(flow, "how far its group has read", said)),
    ...now.groups.flatMap((group) =>
      groupFindings({
        group,
        before: earlier.get(place(group)) ?? group,
        // A record that waits for its retry does not stand still.
        after: after + group.delay,
        retention: retention.get(group.topic) ?? -1,
        now: at.getTime(),
        begins: lost.has(group.flow) && !hasPosition(group),
      }),
    ),
    ...lost.values(),
  ];
}

interface Looked {
  group: GroupFigures;
  before: GroupFigures;
  after: number;
  retention: number;
  now: number;
  /** The group has no position here and nobody is in it, which has a finding of its own. */
  begins: boolean;
}

/** How many records the group has not read; one that begins at the end has read what was there before it came. */
function lagOf({ committed, first, end }: PartitionFigures, { autoOffsetReset }: GroupFigures): number {
  // A position behind the end is of records that are no more: the group begins again. Without one, nobody can tell a partition that was
  // added from one of which the group has handled nothing yet, as most clients commit only what they have handled.
  if (committed === undefined || committed > end) return autoOffsetReset === "latest" ? 0 : end - first;
  return end - Math.max(committed, first);
}

function groupFindings(looked: Looked): Finding[] {
  const { group, begins } = looked;
  const waiting = begins ? [] : group.partitions.filter((one) => lagOf(one, group) > 0);
  return [...lossFindings(looked), ...(waiting.length > 0 ? lagFindings(looked, waiting) : [])];
}

function lagFindings({ group, before, after, now }: Looked, waiting: PartitionFigures[]): Finding[] {
  const { flow: place, topic, delay, members } = group;
  const command = `npx messaging verify ${place}`;
  const lag = waiting.reduce((sum, one) => sum + lagOf(one, group), 0);
  const inRetry = delay > 0 ? ` in ${topic}` : "";
  if (members === 0)
    return [
      {
        trouble: "lag",
        place,
        found: `${counted(lag, "record")} not read${inRetry} and nobody in the group${inRetry && " reads it"}`,
        ...(delay > 0
          ? {
              cause:
                "No instance of the consumer runs, or it reads the work topic alone: retries and redrives wait here for it.",
              fix: `Start the consumer with client/, or have yours subscribe to ${topic} too, with the same group.id: docs/contract.md. Records stay for the topic's retention, and no longer.`,
            }
          : {
              cause:
                "No instance of the consumer runs, it is not let in (its log says so), or its group.id is another one.",
              fix: "Start the consumer, with the current `apps` output. Records stay for the topic's retention, and no longer.",
            }),
        command,
      },
    ];
  const old = waiting.filter(({ oldestUnread }) => oldestUnread !== undefined && now - oldestUnread.getTime() >= after);
  if (old.length === 0) return [];
  const still = old.filter(
    ({ partition, committed }) => committed === before.partitions.find((one) => one.partition === partition)?.committed,
  );
  const oldest = lasting(Math.max(...old.map(({ oldestUnread }) => now - oldestUnread!.getTime())));
  if (still.length > 0)
    return [
      {
        trouble: "lag",
        place,
        found: `partition ${still.map(({ partition }) => partition).join(", ")}${inRetry && ` of ${topic}`} stands still at ${still.map(({ committed, first }) => `offset ${committed ?? first}`).join(", ")}, its next record is ${oldest} old`,
        cause:
          "The group has members, and commits nothing there: a record is tried again in place (ordered), a handler hangs, or the member was given the partition and does not read it.",
        fix: "What the consumer's log says of that record is what to fix. Only where it says nothing of it, restart the consumer: the group shares out its partitions again. Delete nothing: what is behind waits for it.",
        command,
      },
    ];
  return [
    {
      trouble: "lag",
      place,
      found: `${counted(lag, "record")} not read${inRetry}, the oldest is ${oldest} old`,
      cause: "It reads, and more slowly than records come.",
      fix: "Start more instances (at most one a partition works), handle faster, or raise `uncommitted` in client/.",
    },
  ];
}

function lossFindings({ group, retention, now }: Looked): Finding[] {
  const { flow: place, topic, partitions } = group;
  const lost = partitions.filter(({ committed, first }) => committed !== undefined && committed < first);
  const deleted = lost.reduce((sum, { committed, first }) => sum + first - committed!, 0);
  const unread = partitions.filter((one) => lagOf(one, group) > 0);
  const oldest = Math.max(0, ...unread.map(({ oldestUnread }) => now - (oldestUnread?.getTime() ?? now)));
  const beyond = partitions.filter(({ committed, end }) => committed !== undefined && committed > end);
  return those(
    beyond.length > 0 && {
      trouble: "message loss",
      place,
      found: beyond
        .map(
          (one) =>
            `partition ${one.partition} of ${topic} ends at offset ${one.end}, and the group had read up to ${one.committed}`,
        )
        .join("; "),
      cause: "A leader was elected that did not have all records, or the topic was deleted and made again.",
      fix: "What is missing is gone here: have the producer send it again. The group reads on from where autoOffsetReset says. This is told until it has read the next record of that partition.",
    },
    deleted > 0 && {
      trouble: "message loss",
      place,
      found: `${counted(deleted, "record")} of ${topic} ${deleted === 1 ? "was" : "were"} deleted before the group read ${deleted === 1 ? "it" : "them"}`,
      cause: "The topic's retention ended, or somebody deleted records, while the group was behind.",
      fix: "They are gone here: have the producer send them again. Raise the topic's retention above the longest time that a consumer may be away. This is told until the group has read the next record of that partition.",
    },
    retention > 0 &&
      oldest > NEARLY_FULL * retention && {
        trouble: "message loss",
        place,
        found: `its oldest unread record in ${topic} is ${lasting(oldest)} old, and kept for ${lasting(retention)}`,
        cause: "The group is nearly as far behind as the topic keeps records: the next ones are deleted unread.",
        fix: "Raise the topic's retention now (skill.yaml, npx pulumi up: in place), then let the group catch up.",
      },
  );
}
