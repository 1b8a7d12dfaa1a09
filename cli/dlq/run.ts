import { randomUUID } from "node:crypto";
import type { DeadLetters } from "../../client/deadLetters.ts";
import { MOST_REDRIVES, type Treated, type TreatOptions, treat } from "../../client/redrive.ts";
import { printable } from "../../skill/index.ts";
import { audit, auditFile } from "../audit.ts";
import type { Streams } from "../index.ts";
import { failureOf } from "../live.ts";
import type { Worked } from "../outputs.ts";
import { figure } from "../table.ts";

const PROGRESS_INTERVAL_MS = 2_000;

/** What is done, with which of them, and what of it is printed. */
export interface Run extends Omit<TreatOptions, "id" | "signal" | "onProgress"> {
  filter?: string;
  /** Prints what it did, also where it failed: the error is thrown after that. */
  say: (report: Treated) => void;
}

/** One run over the dead letters of a flow, with its audit lines, its progress and its end by Ctrl-C after the batch in hand. */
export async function audited(
  letters: DeadLetters,
  { say, filter, ...options }: Run,
  worked: Worked,
  streams: Streams,
): Promise<Treated> {
  const { matches: _, quarantined, ...settings } = options;
  const id = randomUUID();
  const asked = { ...(filter !== undefined && { filter }), ...(quarantined && { includesQuarantined: true }) };
  const entry = { run: id, ...worked, flow: letters.flow, ...settings, ...asked };
  const stop = new AbortController();
  const onSignal = () => stop.abort();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, onSignal);
  audit(`${options.action}.started`, entry);
  let last: Treated | undefined;
  try {
    const report = await treat(letters, {
      ...options,
      id,
      signal: stop.signal,
      onProgress: progress(streams, options.action, (now) => (last = now)),
    });
    audit(`${options.action}.ended`, { ...entry, ...counts(report) });
    say(report);
    return report;
  } catch (error) {
    if (last?.ended === "failed") {
      say(last);
      audit(`${options.action}.failed`, {
        ...entry,
        ...counts(last),
        error: failureOf(error)?.message ?? String(error),
      });
    }
    throw error;
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, onSignal);
  }
}

/** What a run did, in a line of the audit: dead letters that are refused may be as many as there are. */
const counts = (report: Treated) => ({ ...report, refused: report.refused.length });

/** Where the audit is, for people. */
export const auditNote = `The audit is in ${auditFile}.`;

function progress(streams: Streams, action: string, keep: (report: Treated) => void) {
  let told = performance.now();
  return (report: Treated) => {
    keep({ ...report });
    if (performance.now() - told < PROGRESS_INTERVAL_MS) return;
    told = performance.now();
    streams.stderr.write(`  ${action}: ${figure(report.treated)} so far\n`);
  };
}

/** Whether a run did all that it was to do. */
export const isWhole = ({ ended, refused, missed }: Treated): boolean =>
  ended !== "guard" && refused.length === 0 && missed === 0;

/** Dead letters that are refused may be as many as there are. */
const MOST_NAMED = 20;

/** What stays of a flow's and why, a line for each reason. */
export function staysInWords(flow: string, report: Treated): string[] {
  const { unsure, left, quarantined, refused, canaries, removedCanaries, missed, ended, cameBack } = report;
  const lines: [boolean | number, string][] = [
    [left, `${figure(left)} did not match and stay`],
    [
      quarantined,
      `${figure(quarantined)} stay in quarantine: redriven ${MOST_REDRIVES} times, they failed each time (--quarantined takes them too)`,
    ],
    ...refused
      .slice(0, MOST_NAMED)
      .map(({ id, reason }): [boolean, string] => [
        true,
        `${printable(id)} stays: the broker refused it: ${printable(reason)}`,
      ]),
    [refused.length > MOST_NAMED, `so do ${figure(refused.length - MOST_NAMED)} more (--json names them)`],
    [
      refused.some(({ tooLarge }) => tooLarge),
      `what is too large there is refused again: make room there, publish it again smaller, or drop it: npx messaging dlq drop ${flow} --filter 'x-message-id=ID'`,
    ],
    [canaries, `${canariesOf(canaries)} left where a run of messaging verify may still look for it`],
    [removedCanaries, `${canariesOf(removedCanaries)} removed, which no run of messaging verify looks for any more`],
    [missed, `${figure(missed)} stay because somebody else has them in hand: run this again when that has ended`],
    [unsure, `${figure(unsure)} more may be done, but the broker did not say; redriven ones may be delivered twice`],
    [
      ended === "guard",
      `stopped: ${figure(cameBack)} came in while it ran, so the consumer still fails: fix that first`,
    ],
    [ended === "stopped", "stopped as asked; the rest stays, and the same command goes on from here"],
    [ended === "failed", "failed on the way; the rest stays, and the same command goes on from here"],
  ];
  return lines.flatMap(([isSo, line]) => (isSo ? [`  ${line}`] : []));
}

const canariesOf = (count: number): string =>
  count === 1 ? "not counted: 1 canary," : `not counted: ${figure(count)} canaries,`;
