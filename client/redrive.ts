import { setTimeout as wait } from "node:timers/promises";
import { type DeadLetter, type DeadLetters, type Refused, SettleError, type Verdict } from "./deadLetters.ts";
import { canaryOf, HEADERS, redriveCount, redrivenHeaders } from "./headers.ts";

/** How often a message is redriven: one that failed after that is quarantined, that is, it stays where it is. */
export const MOST_REDRIVES = 3;

/** Dead letters in hand at a time: what a crash may duplicate, at most. */
const BATCH = 100;

/** A run that redrives is stopped when more than this share of what it put back came in again. */
const FAILING_SHARE = 0.5;
const LEAST_RETURNS = 10;
const GUARD_INTERVAL_MS = 2_000;
const STALE_CANARY_MS = 3_600_000;

export interface TreatOptions {
  /** Names the run, in the headers and the audit. */
  id: string;
  /** What is done with those that match; `count` only counts those that would be redriven. */
  action: "redrive" | "drop" | "count";
  /** Which ones. Default: all. */
  matches?: (letter: DeadLetter) => boolean;
  /** How many at most. Default: all that are there when it begins. */
  limit?: number;
  /** Messages a second at most. Default: as fast as the broker confirms. */
  rate?: number;
  /** Another flow of the same broker to redrive to. */
  to?: string;
  /** The consumer group that they are put back for, where a broker has groups. */
  group?: string;
  /** Those too that were redriven MOST_REDRIVES times. */
  quarantined?: boolean;
  /** Ends the run after the batch in hand. */
  signal?: AbortSignal;
  /** Told after each batch, and before an error is thrown: that is all that is known of a run that failed. */
  onProgress?: (report: Treated) => void;
}

/** What a run did. */
export interface Treated {
  /** Redriven, dropped or counted. */
  treated: number;
  /** Where it failed: not counted as treated, though they may be, as the broker did not say. A redrive may leave them in both places. */
  unsure: number;
  /** Looked at and left: they did not match. */
  left: number;
  /** Left, as they were redriven too often. */
  quarantined: number;
  /** Left, as the broker refused them. */
  refused: readonly Refused[];
  /** Left: canaries that a run of `messaging verify` may still wait for. Older ones are removed. */
  canaries: number;
  removedCanaries: number;
  /** Not treated, as somebody else had them in hand to the end. */
  missed: number;
  /** Why it ended: `guard` where the consumer still fails, `failed` by an error. */
  ended: "all" | "limit" | "guard" | "stopped" | "failed";
  /** How many dead letters came in while it ran, as far as it looked; with `guard`: too many. */
  cameBack: number;
}

interface Report extends Treated {
  refused: Refused[];
}

/** Goes through the dead letters of a flow, the oldest first, and treats those that match. */
export async function treat(letters: DeadLetters, options: TreatOptions): Promise<Treated> {
  const report: Report = {
    treated: 0,
    unsure: 0,
    left: 0,
    quarantined: 0,
    refused: [],
    canaries: 0,
    removedCanaries: 0,
    missed: 0,
    ended: "all",
    cameBack: 0,
  };
  try {
    report.ended = await goThrough(letters, options, report);
    if (report.ended === "all") report.missed = letters.missed?.() ?? 0;
    return report;
  } catch (error) {
    options.onProgress?.({ ...report, ended: "failed" });
    throw error;
  }
}

/** Treats them, keeps the report, and says why it ended. */
async function goThrough(letters: DeadLetters, options: TreatOptions, report: Report): Promise<Treated["ended"]> {
  let guard: ((removed: number) => Promise<number>) | undefined;
  const started = performance.now();
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  let removed = 0;
  let counted = 0;
  let met = 0;
  for await (const batch of letters.take(Math.min(BATCH, limit, options.rate ?? BATCH))) {
    // Not before: what others give back until then is no dead letter that came in.
    if (mayComeBack(letters, options)) guard ??= await returnsGuard(letters);
    const verdicts = batch.map((letter) => verdictOn(letter, options, report, limit));
    met += batch.filter(({ headers }) => headers[HEADERS.redriveId] === options.id).length;
    const refused = await settled(letters, batch, verdicts, report);
    report.refused.push(...refused);
    report.treated -= refused.length;
    removed += verdicts.filter(({ kind }) => kind !== "keep").length - refused.length;
    options.onProgress?.(report);
    // Those that were met again are among those that came in.
    counted = Math.max(counted, (await guard?.(removed)) ?? 0);
    report.cameBack = Math.max(met, counted);
    if (report.cameBack > Math.max(LEAST_RETURNS, report.treated * FAILING_SHARE)) return "guard";
    if (report.treated >= limit) return "limit";
    if (options.rate !== undefined) await paced(report.treated, options.rate, started, options.signal);
    if (options.signal?.aborted) return "stopped";
  }
  return "all";
}

/** Settles a batch. Where that fails, only those that the broker has surely carried out stay counted as treated. */
async function settled(
  letters: DeadLetters,
  batch: readonly DeadLetter[],
  verdicts: readonly Verdict[],
  report: Report,
): Promise<readonly Refused[]> {
  try {
    return (await letters.settle(verdicts)) ?? [];
  } catch (error) {
    const known = error instanceof SettleError ? error.fates : [];
    for (const [at, { kind }] of verdicts.entries()) {
      const fate = known[at] ?? "unsure";
      if (kind === "keep" || fate === "done" || canaryOf(batch[at]!.headers)) continue;
      report.treated--;
      if (fate === "unsure") report.unsure++;
    }
    throw error instanceof SettleError ? error.cause : error;
  }
}

/** What becomes of one, counted in the report. */
function verdictOn(letter: DeadLetter, options: TreatOptions, report: Report, limit: number): Verdict {
  if (canaryOf(letter.headers)) {
    const goes = options.action !== "count" && isStale(letter);
    report[goes ? "removedCanaries" : "canaries"]++;
    return goes ? { kind: "drop" } : KEEP;
  }
  if (report.treated >= limit || letter.headers[HEADERS.redriveId] === options.id) return KEEP;
  if (options.matches && !options.matches(letter)) {
    report.left++;
    return KEEP;
  }
  if (options.action !== "drop" && !options.quarantined && redriveCount(letter.headers) >= MOST_REDRIVES) {
    report.quarantined++;
    return KEEP;
  }
  report.treated++;
  if (options.action === "count") return KEEP;
  if (options.action === "drop") return { kind: "drop" };
  // Another flow has groups of its own, and they are all meant.
  const group = options.to === undefined ? options.group : undefined;
  return {
    kind: "redrive",
    headers: redrivenHeaders(letter.headers, options.id, group),
    ...(options.to && { to: options.to }),
  };
}

const KEEP: Verdict = { kind: "keep" };

/**
 * A canary that no run can still be waiting for: Kafka keeps one that stood behind dead letters. One without a time, or with one that
 * is far ahead, is of no run.
 */
const isStale = ({ headers }: DeadLetter): boolean =>
  !(Math.abs(Date.now() - Date.parse(headers[HEADERS.publishedAt] ?? "")) <= STALE_CANARY_MS);

/** Whether what is redriven fails into these dead letters again. What goes to another flow fails into others. */
const mayComeBack = ({ flow }: DeadLetters, { action, to = flow }: TreatOptions): boolean =>
  action === "redrive" && `${flow}/`.startsWith(`${to}/`);

/**
 * How many dead letters came in since the run began, looked at now and then: a consumer that still fails sends them back. It rests on
 * counts that the run's own hands do not change, so it sees the same with a filter, whose run keeps most of what it takes.
 */
async function returnsGuard(letters: DeadLetters): Promise<(removed: number) => Promise<number>> {
  const { messages } = await letters.count();
  let looked = performance.now();
  let before = 0;
  return async (removed) => {
    if (performance.now() - looked < GUARD_INTERVAL_MS) return 0;
    looked = performance.now();
    const now = Math.max(0, (await letters.count()).messages - (messages - removed));
    // A count may lag behind what the broker confirmed: twice in a row is none of that.
    const sure = Math.min(before, now);
    before = now;
    return sure;
  };
}

async function paced(done: number, rate: number, started: number, signal: AbortSignal | undefined): Promise<void> {
  const due = (done / rate) * 1000 - (performance.now() - started);
  if (due > 0) await wait(due, undefined, { signal }).catch(() => {});
}
