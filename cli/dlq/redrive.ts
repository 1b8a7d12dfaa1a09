import { RefusedError } from "../../client/message.ts";
import { MOST_REDRIVES, type Treated, treat } from "../../client/redrive.ts";
import type { Command } from "../arguments.ts";
import { deadLettersOf, type Live, onEnvironment } from "../live.ts";
import { EnvironmentError, environmentOptions } from "../outputs.ts";
import { figure as count } from "../table.ts";
import { choiceOf, choiceOptions, wholeNumber } from "./options.ts";
import { audited, auditNote, isWhole, staysInWords } from "./run.ts";

/** `messaging dlq redrive`: puts dead letters back to the consumer that gave them up. */
export const redrive: Command = {
  name: "dlq redrive",
  operands: { usage: "<flow>", most: 1 },
  summary:
    "Put dead letters back to the consumer that gave them up, the oldest first. Each is confirmed by the broker before it leaves.",
  options: {
    ...environmentOptions,
    ...choiceOptions,
    rate: { value: "<n>", summary: "At most so many a second. Default: as fast as the broker confirms." },
    to: { value: "<flow>", summary: "Another flow of the same broker to put them into." },
    "others-too": {
      summary:
        "Redrive even where consumers of other groups may handle the messages again: they do not show that they skip what is meant for this group.",
    },
    quarantined: { summary: `Those too that were redriven ${MOST_REDRIVES} times and failed each time.` },
    json: { summary: "Print JSON." },
  },
  run: (invocation) => {
    const { options, streams } = invocation;
    const { flow, filter, limit } = choiceOf(invocation, redrive);
    const rate = wholeNumber(options, "rate", 1, 1e6, redrive);
    return onEnvironment({ options, streams }, async (live) => {
      const { letters, target, note } = await placesOf(live, flow, options);
      const { messages } = await live.patiently(() => letters.count());
      const choice = {
        matches: filter?.matches,
        limit,
        rate,
        to: options.to,
        group: letters.group,
        quarantined: options.quarantined !== undefined,
      };
      const dry = options["dry-run"] !== undefined;
      if (dry && letters.peekNote !== undefined) streams.stderr.write(`messaging: ${letters.peekNote}\n`);
      if (note !== undefined) streams.stderr.write(`messaging: ${note}\n`);
      const say = (report: Treated) => {
        // Others may have had some in hand when they were counted, and given them back.
        const { treated, left, quarantined, refused, missed } = report;
        const found = Math.max(messages, treated + left + quarantined + refused.length + missed);
        const said = { flow, target, found, dryRun: dry, ...report };
        streams.stdout.write(options.json === undefined ? `${inWords(said)}\n` : `${JSON.stringify(said, null, 2)}\n`);
        if (!dry && options.json === undefined) streams.stderr.write(`${auditNote}\n`);
      };
      if (dry) {
        const report = await treat(letters, { ...choice, id: "dry-run", action: "count", rate: undefined });
        say(report);
        return isWhole(report) ? 0 : 1;
      }
      const run = { ...choice, action: "redrive", filter: options.filter, say } as const;
      return isWhole(await audited(letters, run, live.worked, streams)) ? 0 : 1;
    });
  },
};

/** The dead letters of a flow, where they would go, and who else would get them, as a sentence. Throws a RefusedError where nothing may be redriven to that. */
export async function placesOf(
  live: Pick<Live, "brokers" | "patiently">,
  flow: string,
  { to, "others-too": accepted }: { to?: string | undefined; "others-too"?: string | undefined },
) {
  const letters = deadLettersOf(live, flow);
  const other = to === undefined ? undefined : deadLettersOf(live, sameBroker(flow, to));
  const asked = { from: flow, othersToo: accepted !== undefined };
  const refusal = await live.patiently(async () => (other ?? letters).refusal?.(asked));
  if (refusal !== undefined) throw new RefusedError(refusal);
  return { letters, target: other?.flow ?? letters.target, note: (other ?? letters).redriveNote?.(flow) };
}

/** Another flow to redrive to, where it is of the same broker. Throws an EnvironmentError. */
function sameBroker(flow: string, to: string): string {
  const [broker] = flow.split("/");
  if (to.split("/")[0] === broker) return to;
  throw new EnvironmentError(`--to: must be a flow of ${broker}, as messages do not cross brokers, got "${to}"`);
}

type Said = Treated & { flow: string; target: string; found: number; dryRun: boolean };

/** What a run did, or would do, in sentences. */
export function inWords({ flow, target, found, dryRun, ...report }: Said): string {
  const did = dryRun ? "would redrive" : "redrove";
  const all = `${flow}: ${did} ${count(report.treated)} of ${count(found)} dead letters to ${target}`;
  return [all, ...staysInWords(flow, report)].join("\n");
}
