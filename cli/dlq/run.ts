import { randomUUID } from "node:crypto";
import type { DeadLetters } from "../../client/deadLetters.ts";
import { type Treated, type TreatOptions, treat } from "../../client/redrive.ts";
import { audit, auditFile } from "../audit.ts";
import type { Streams } from "../index.ts";
import { failureOf } from "../live.ts";
import type { Worked } from "../outputs.ts";
import { figure } from "../table.ts";

const PROGRESS_INTERVAL_MS = 2_000;

/** One run over the dead letters of a flow, with its audit lines, its progress and its end by Ctrl-C after the batch in hand. */
export async function audited(
  letters: DeadLetters,
  options: Omit<TreatOptions, "id" | "signal" | "onProgress"> & { filter?: string },
  worked: Worked,
  streams: Streams,
): Promise<Treated> {
  const { filter, matches: _, quarantined, ...settings } = options;
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
    return report;
  } catch (error) {
    audit(`${options.action}.failed`, {
      ...entry,
      ...(last && counts(last)),
      error: failureOf(error)?.message ?? String(error),
    });
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
