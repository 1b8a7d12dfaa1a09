import type { GroupFigures } from "../../live/health/kafka.ts";
import type { Access } from "./declared.ts";
import { counted, type Finding } from "./finding.ts";
import { ADMIN_FILE, kafkaTool, word } from "./kafkaTools.ts";

/** Whether the group has read any of the topic's partitions. */
export const hasPosition = ({ partitions }: GroupFigures): boolean =>
  partitions.some(({ committed }) => committed !== undefined);

/**
 * By flow: groups that nobody is in and that have no position on their topic, though there are records. One that never ran looks like
 * one that was deleted, but for what its consumer has put into its retry topics; of one that begins at the end nothing is told then, as
 * the records that were there before it ran are not for it.
 */
export function positionFindings(groups: readonly GroupFigures[], access: Access): Map<string, Finding> {
  const works = groups.filter(({ delay }) => delay === 0);
  return new Map(
    works.flatMap((work) => {
      const records = work.partitions.reduce((sum, { first, end }) => sum + end - first, 0);
      if (work.members > 0 || records === 0 || hasPosition(work)) return [];
      const retries = groups.filter(({ flow, delay }) => flow === work.flow && delay > 0);
      const used = retries.filter(({ partitions }) => partitions.some(({ end }) => end > 0));
      if (work.autoOffsetReset === "latest" && used.length === 0) return [];
      const come = used.some((retry) => !hasPosition(retry));
      return [[work.flow, withoutPosition(work, records, { hasRun: used.length > 0, come }, access)]];
    }),
  );
}

function withoutPosition(
  { flow: place, topic, group, autoOffsetReset }: GroupFigures,
  records: number,
  /** It has put records into its retry topics; and it begins again with them. */
  { hasRun, come }: { hasRun: boolean; come: boolean },
  access: Access,
): Finding {
  const fromEnd = autoOffsetReset === "latest";
  const gone =
    "somebody deleted the group, or the topic and made it again, or it was away for longer than the broker keeps positions (offsets.retention.minutes, 7 days by default)";
  const reset = `${kafkaTool("kafka-consumer-groups.sh", access)} --group ${word(group)} --topic ${word(topic)} --reset-offsets --to-datetime 'TIME' --dry-run`;
  return {
    trouble: fromEnd ? "message loss" : "lag",
    place,
    found: `${counted(records, "record")} in ${topic}, nobody in the group, and it has no position${hasRun ? ", though it has consumed" : ""}`,
    cause: hasRun
      ? `Its positions are gone, as its retry topics have had records: ${gone}.`
      : `It never consumed: no instance of the consumer runs, it is not let in (its log says so), or its group.id is another one. Or its positions are gone: ${gone}.`,
    fix: [
      ...(hasRun ? [] : ["Where it never consumed, start the consumer, with the current `apps` output."]),
      fromEnd
        ? "Started now it begins at the end, and gets none of these records."
        : `${hasRun ? "Started" : "Where it did, started"} now it begins at the first record, and handles again those that it has consumed.`,
      `To have it go on, first set its position to a time (UTC) up to which it had consumed all: ${reset} (${ADMIN_FILE}; TIME as in YYYY-MM-DDThh:mm:ss.000; --to-latest in place of the time where it had consumed all, --to-earliest where nothing). That only shows the new positions: where they are right, again with --execute in place of --dry-run.`,
      ...(come ? ["What it retried comes again all the same: its retry topics are read from their first record."] : []),
    ].join(" "),
    command: `npx messaging verify ${place}`,
  };
}
