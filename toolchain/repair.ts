import { blockers, compare, docker, readLive, startContainers, waitHealthy } from "./containers.ts";
import { type LocalState, localState, type Named, readDeployment } from "./deployment.ts";
import type { Report } from "./progress.ts";
import { stack } from "./pulumi.ts";
import { runPulumi } from "./pulumi-run.ts";
import { refuse } from "./settings.ts";

/**
 * Brings the engine's containers to where Pulumi's state says they are: removes half-made ones, starts stopped ones, and has those
 * that are gone made anew by the next `up`. Gives back what the state says of the engine, and which those were.
 */
export async function repairContainers(report: Report): Promise<LocalState & { gone: Named[] }> {
  const state = localState(await readDeployment());
  const todo = compare(state, await readLive(), stack);
  refuse(blockers(todo));
  for (const name of todo.remove) {
    await docker("rm", "--force", name);
    report.say(`Removed the container ${name}, which an interrupted start had left unfinished.`);
  }
  await startContainers(todo.start, report);
  const gone = new Set(todo.recreate.map(({ name }) => name));
  await waitHealthy(
    state.containers.map(({ name }) => name).filter((name) => !gone.has(name)),
    report,
  );
  await refreshOnly(todo.recreate, `Making ${[...gone].join(", ")} anew on its data (the container is gone)`, report);
  return { ...state, gone: todo.recreate };
}

/** Tells Pulumi of images that are others than before under the same names: it then makes their containers anew, on their data. */
export async function noteImages(images: Named[], report: Report): Promise<void> {
  await refreshOnly(images, `Noting new images: ${images.map(({ name }) => name).join(", ")}`, report);
}

async function refreshOnly(resources: Named[], title: string, report: Report): Promise<void> {
  if (resources.length === 0) return;
  const targets = resources.flatMap(({ urn }) => ["--target", urn]);
  await runPulumi(title, ["refresh", "--yes", "--skip-preview", "--stack", stack, ...targets], report);
}
