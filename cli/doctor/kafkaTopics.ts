import type { TopicFigures } from "../../live/health/kafka.ts";
import { type Finding, RESTORE, those } from "./finding.ts";

type Partition = TopicFigures["partitions"][number];

const named = (some: readonly Partition[]): string => some.map(({ partition }) => partition).join(", ");
const nodes = (some: readonly number[]): string => [...new Set(some)].sort((a, b) => a - b).join(", ");
/** The brokers that have a copy which is not in sync. */
const behindOf = (some: readonly Partition[]): string =>
  nodes(some.flatMap(({ replicas, insync }) => replicas.filter((node) => !insync.includes(node))));

/** What is wrong with the copies of a topic's partitions. */
export function topicFindings({ topic, minInsync, partitions }: TopicFigures): Finding[] {
  const place = `kafka/${topic}`;
  const broken = partitions.filter(({ offline }) => offline.length > 0);
  const rest = partitions.filter(({ offline }) => offline.length === 0);
  const lost = rest.filter(({ leader }) => leader < 0);
  const led = rest.filter(({ leader }) => leader >= 0);
  const short = led.filter(({ insync }) => insync.length < minInsync);
  const behind = led.filter(({ insync, replicas }) => insync.length >= minInsync && insync.length < replicas.length);
  const start = (some: readonly Partition[]) =>
    `Start broker ${behindOf(some)}, or make its disk or network faster; copies catch up by themselves. Do not elect a leader that is behind: that loses records.`;
  return those(
    broken.length > 0 && {
      trouble: "broker",
      place,
      found: `broker ${nodes(broken.flatMap(({ offline }) => offline))} runs and cannot read its copy of partition ${named(broken)}`,
      cause:
        "The disk (log directory) that has it failed or was not writable, and Kafka does not use it again until it starts.",
      fix: "Put that disk right, then restart the broker: it reads what is there, and catches up from the others. A partition without another copy in sync stands still until then.",
    },
    lost.length > 0 && {
      trouble: "broker",
      place,
      found: `no leader for partition ${named(lost)}`,
      cause: "Every broker that has an up-to-date copy is away.",
      fix: `Start one of broker ${nodes(lost.flatMap(({ insync, replicas }) => (insync.length > 0 ? insync : replicas)))}, which has it. Do not elect a leader that is behind: that loses records.`,
    },
    short.length > 0 && {
      trouble: "refused",
      place,
      found: `partition ${named(short)} has fewer copies in sync than min.insync.replicas (${minInsync})`,
      ...(short.every(({ replicas }) => replicas.length < minInsync)
        ? {
            cause: "The setting is above the number of copies that there are, so writes with acks=all are refused.",
            fix: `Where somebody raised it: ${RESTORE}. Else lower it in skill.yaml, or add copies (kafka-reassign-partitions.sh).`,
          }
        : { cause: "Brokers are away or too slow, so writes with acks=all are refused.", fix: start(short) }),
    },
    behind.length > 0 && {
      trouble: "broker",
      place,
      found: `partition ${named(behind)} has ${behind[0]!.insync.length} of ${behind[0]!.replicas.length} copies in sync`,
      cause: "A broker is away, or its disk or network is too slow to follow.",
      fix: start(behind),
    },
  );
}
