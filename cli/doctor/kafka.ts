import type { GroupFigures, KafkaFigures, PartitionFigures, TopicFigures } from "../../live/health/kafka.ts";
import { counted, type Finding, type Limits, lasting, NEARLY_FULL } from "./finding.ts";

/** The troubles in two looks at Kafka, some seconds apart. */
export function kafkaFindings(
  [before, now]: [KafkaFigures, KafkaFigures],
  { after }: Limits,
  at = new Date(),
): Finding[] {
  const retention = new Map(now.topics.map(({ topic, retentionMs }) => [topic, retentionMs]));
  const earlier = new Map(before.groups.map((group) => [group.flow, group]));
  return [
    ...now.topics.flatMap(topicFindings),
    ...now.groups.flatMap((group) =>
      groupFindings({
        group,
        before: earlier.get(group.flow) ?? group,
        after,
        retention: retention.get(group.topic) ?? -1,
        now: at.getTime(),
      }),
    ),
  ];
}

function topicFindings({ topic, minInsync, partitions }: TopicFigures): Finding[] {
  const place = `kafka/${topic}`;
  const led = partitions.filter(({ leader }) => leader >= 0);
  const short = led.filter(({ insync }) => insync < minInsync);
  const behind = led.filter(({ insync, replicas }) => insync >= minInsync && insync < replicas);
  const named = (some: readonly { partition: number }[]) => some.map(({ partition }) => partition).join(", ");
  const mend =
    "Start the broker that is away; copies catch up by themselves. Do not elect a leader that is behind: that loses records.";
  return [
    ...(led.length < partitions.length
      ? [
          {
            trouble: "broker" as const,
            place,
            found: `no leader for partition ${named(partitions.filter(({ leader }) => leader < 0))}`,
            cause: "Every broker that has an up-to-date copy is away.",
            mend,
          },
        ]
      : []),
    ...(short.length > 0
      ? [
          {
            trouble: "refused" as const,
            place,
            found: `partition ${named(short)} has fewer copies in sync than min.insync.replicas (${minInsync})`,
            cause: "Brokers are away or too slow, so writes with acks=all are refused.",
            mend,
          },
        ]
      : []),
    ...(behind.length > 0
      ? [
          {
            trouble: "broker" as const,
            place,
            found: `partition ${named(behind)} has ${behind[0]!.insync} of ${behind[0]!.replicas} copies in sync`,
            cause: "A broker is away, or its disk or network is too slow to follow.",
            mend,
          },
        ]
      : []),
  ];
}

interface Looked {
  group: GroupFigures;
  before: GroupFigures;
  after: number;
  retention: number;
  now: number;
}

/** How many records the group has not read; one that begins at the end has read what was there before it came. */
function lagOf({ committed, first, end }: PartitionFigures, { autoOffsetReset }: GroupFigures): number {
  // A position behind the end is of records that are no more: the group begins again.
  if (committed === undefined || committed > end) return autoOffsetReset === "latest" ? 0 : end - first;
  return end - Math.max(committed, first);
}

function groupFindings(looked: Looked): Finding[] {
  const { group, before, after, now } = looked;
  const place = group.flow;
  const lag = group.partitions.reduce((sum, one) => sum + lagOf(one, group), 0);
  const waiting = group.partitions.filter((one) => lagOf(one, group) > 0);
  const old = waiting.filter(({ oldestUnread }) => oldestUnread !== undefined && now - oldestUnread.getTime() >= after);
  const still = old.filter(
    ({ partition, committed }) => committed === before.partitions.find((one) => one.partition === partition)?.committed,
  );
  const oldest = lasting(Math.max(0, ...old.map(({ oldestUnread }) => now - oldestUnread!.getTime())));
  const command = `npx messaging verify ${place}`;
  const losses = lossFindings(looked);
  if (lag === 0) return losses;
  if (group.members === 0)
    return [
      ...losses,
      {
        trouble: "lag",
        place,
        found: `${counted(lag, "record")} not read and nobody in the group`,
        cause: "No instance of the consumer runs, or its group.id is another one.",
        mend: "Start the consumer. Records stay for the topic's retention, and no longer.",
        command,
      },
    ];
  if (still.length > 0)
    return [
      ...losses,
      {
        trouble: "lag",
        place,
        found: `partition ${still.map(({ partition }) => partition).join(", ")} stands still, its next record is ${oldest} old`,
        cause:
          "The group has members, and commits nothing there: a record is tried again in place (ordered), a handler hangs, or the member was given the partition and does not read it.",
        mend: "Look at that consumer's log; delete nothing, as what is behind waits for it. Restarting it makes the group share out its partitions again.",
        command,
      },
    ];
  return old.length === 0
    ? losses
    : [
        ...losses,
        {
          trouble: "lag",
          place,
          found: `${counted(lag, "record")} not read, the oldest is ${oldest} old`,
          cause: "It reads, and more slowly than records come.",
          mend: "Start more instances (at most one a partition works), handle faster, or raise `uncommitted` in client/.",
        },
      ];
}

function lossFindings({ group, retention, now }: Looked): Finding[] {
  const place = group.flow;
  const lost = group.partitions.filter(({ committed, first }) => committed !== undefined && committed < first);
  const gone = lost.reduce((sum, { committed, first }) => sum + first - committed!, 0);
  const ages = group.partitions.flatMap((one) =>
    lagOf(one, group) > 0 && one.oldestUnread ? [now - one.oldestUnread.getTime()] : [],
  );
  const oldest = Math.max(0, ...ages);
  const beyond = group.partitions.filter(({ committed, end }) => committed !== undefined && committed > end);
  return [
    ...(beyond.length > 0
      ? [
          {
            trouble: "message loss" as const,
            place,
            found: beyond
              .map(
                (one) =>
                  `partition ${one.partition} ends at offset ${one.end}, and the group had read up to ${one.committed}`,
              )
              .join("; "),
            cause: "A leader was elected that did not have all records, or the topic was deleted and made again.",
            mend: "What is missing is gone here: have the producer send it again. The group reads on from where autoOffsetReset says.",
          },
        ]
      : []),
    ...(gone > 0
      ? [
          {
            trouble: "message loss" as const,
            place,
            found: `${counted(gone, "record")} were deleted before the group read them`,
            cause: "The topic's retention ended, or somebody deleted records, while the group was behind.",
            mend: "They are gone here: have the producer send them again. Raise the topic's retention above the longest time that a consumer may be away.",
          },
        ]
      : []),
    ...(retention > 0 && oldest > NEARLY_FULL * retention
      ? [
          {
            trouble: "message loss" as const,
            place,
            found: `its oldest unread record is ${lasting(oldest)} old, and kept for ${lasting(retention)}`,
            cause: "The group is nearly as far behind as the topic keeps records: the next ones are deleted unread.",
            mend: "Raise the topic's retention now (skill.yaml, npx pulumi up: in place), then let the group catch up.",
          },
        ]
      : []),
  ];
}
