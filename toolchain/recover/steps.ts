import { explain } from "../broker-failure.ts";
import { capture } from "../command.ts";
import { root } from "../paths.ts";
import { readPlan } from "../plan.ts";
import type { Report } from "../progress.ts";
import { pulumiEnv, stack } from "../pulumi.ts";
import { pulumiBinary } from "../pulumi-install.ts";
import { diagnosticsOf } from "../pulumi-run.ts";
import { foundOf, type PlannedStep, trialOfPlan, without } from "./orphans.ts";
import { type Found, outcomes, trialOf } from "./pending.ts";
import { readState, writeState } from "./store.ts";
import { refreshed } from "./trial.ts";

/** Asked of what exists, is in the program, and is noted nowhere: whether it becomes the environment's. */
export type Adopt = (names: string[]) => boolean | Promise<boolean>;

/** Brings every operation that was under way to its end in the state, by what the brokers have. */
export async function recoverPending(report: Report): Promise<Found[]> {
  const before = await readState();
  if ((before.pending_operations ?? []).length === 0) return [];
  return report.step("Asking the brokers what became of the operations that were interrupted", async () => {
    const after = await refreshed(await trialOf(before));
    const { pending_operations: _, ...settled } = after;
    await writeState(settled, before);
    return outcomes(before, after);
  });
}

/**
 * Takes into the state what was made and noted nowhere, as the answer did not come back or the state was lost; and takes out of it what
 * a failed change has left nothing of.
 */
export async function recoverUnnoted(report: Report, adopt: Adopt): Promise<Found[]> {
  const before = await readState();
  // Without a provider in the state nothing was made yet, and nobody could be asked.
  if (!before.resources?.some(({ type }) => type.startsWith("pulumi:providers:"))) return [];
  const { state, found } = await report.step("Looking for what was made and is not in the state", async () => {
    const trial = await trialOfPlan(before, await plannedSteps());
    return foundOf(before, await refreshed(trial), trial.targets);
  });
  if (found.length === 0) return [];
  const made = found.filter(({ did }) => did === "adopted");
  const settled = found.filter(({ did }) => did !== "adopted");
  const taken = made.length > 0 && (await adopt(made.map(({ name }) => name)));
  if (taken || settled.length > 0) await writeState(taken ? state : without(state, made), before);
  return [...settled, ...made.map((one) => (taken ? one : { ...one, did: "left" as const }))];
}

/** What the program would do. Its gate does not look here at what exists already: that is what is looked for. */
async function plannedSteps(): Promise<PlannedStep[]> {
  const { code, stdout, stderr } = await capture(
    pulumiBinary(),
    ["preview", "--json", "--stack", stack, "--non-interactive"],
    { cwd: root, env: { ...pulumiEnv(), MESSAGING_RECOVER: stack } },
  );
  const { steps, said } = readPlan<PlannedStep>(stdout);
  if (code === 0 && steps) return steps;
  throw await explain(said || diagnosticsOf(stderr.split("\n")));
}
