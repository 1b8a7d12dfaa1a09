import { createInterface } from "node:readline/promises";
import { type Treated, treat } from "../../client/redrive.ts";
import type { Command } from "../arguments.ts";
import { deadLettersOf, onEnvironment } from "../live.ts";
import { EnvironmentError, environmentOptions } from "../outputs.ts";
import { figure } from "../table.ts";
import { choiceOf, choiceOptions, wholeNumber } from "./options.ts";
import { audited, auditNote, isWhole, staysInWords } from "./run.ts";

/** `messaging dlq drop`: deletes dead letters for good, when told how many. */
export const drop: Command = {
  name: "dlq drop",
  operands: { usage: "<flow>", most: 1 },
  summary: "Delete dead letters for good, the oldest first. Asks, or takes the count that it would ask for.",
  options: {
    ...environmentOptions,
    ...choiceOptions,
    yes: { value: "<count>", summary: "Do not ask: delete if it is exactly so many." },
  },
  run: (invocation) => {
    const { options, streams } = invocation;
    const { flow, filter, limit } = choiceOf(invocation, drop);
    const yes = wholeNumber(options, "yes", 0, 1e9, drop);
    return onEnvironment({ options, streams }, async (live) => {
      const letters = deadLettersOf(live, flow);
      const choice = { matches: filter?.matches, limit };
      // With a filter somebody has to look at each.
      const count = filter
        ? (await treat(letters, { ...choice, id: "count", action: "count", quarantined: true })).treated
        : Math.min((await live.patiently(() => letters.count())).messages, limit ?? Number.POSITIVE_INFINITY);
      if (options["dry-run"] !== undefined) {
        streams.stdout.write(`${flow}: would drop ${figure(count)} dead letters from ${letters.name}\n`);
        return 0;
      }
      if (count === 0) {
        streams.stdout.write(`${flow}: no dead letters to drop\n`);
        return 0;
      }
      if (yes !== undefined && yes !== count) {
        throw new EnvironmentError(
          `--yes: must be the number of dead letters that would be dropped (${count}), got ${yes}: nothing was dropped`,
        );
      }
      if (yes === undefined && !(await confirmed(flow, count, streams.stderr))) {
        streams.stderr.write("Nothing was dropped.\n");
        return 1;
      }
      // More may have come since it was asked: those were not meant.
      const say = (report: Treated) => {
        // It ends at the count, so how many of the rest it looked at says nothing.
        const dropped = `${flow}: dropped ${figure(report.treated)} dead letters from ${letters.name}`;
        streams.stdout.write(`${[dropped, ...staysInWords(flow, { ...report, left: 0 })].join("\n")}\n`);
        streams.stderr.write(`${auditNote}\n`);
      };
      const run = { ...choice, limit: count, action: "drop", filter: options.filter, say } as const;
      return isWhole(await audited(letters, run, live.worked, streams)) ? 0 : 1;
    });
  },
};

/** Asks for the count itself: a habit of typing y drops nothing. */
async function confirmed(flow: string, count: number, stderr: { write(text: string): unknown }): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new EnvironmentError(
      `--yes: must be ${count} to drop ${count} dead letters of ${flow} where nobody can be asked, got nothing`,
    );
  }
  stderr.write(`${flow}: ${figure(count)} dead letters would be deleted for good. Type ${count} to delete them: `);
  const lines = createInterface({ input: process.stdin });
  const answer = await new Promise<string>((resolve) => {
    lines.once("line", resolve);
    lines.once("close", () => resolve(""));
  });
  lines.close();
  return answer.trim() === String(count);
}
