import { imageName } from "../components/images.ts";
import { removeBrokenAttributes } from "./attributes.ts";
import { blockers, compare, docker, readLive, startContainers, waitHealthy } from "./containers.ts";
import { localState, type Named, readDeployment } from "./deployment.ts";
import { ensureEngine } from "./engine.ts";
import { Failure } from "./failure.ts";
import { ensureImages } from "./images/index.ts";
import { adoptTopics, forgetInterrupted } from "./interrupted.ts";
import { releaseLocks } from "./locks.ts";
import { hasOwnPassphrase } from "./passphrase.ts";
import { portProblems } from "./ports.ts";
import type { Report } from "./progress.ts";
import { ensureStack, passphraseFile, pulumiOutput, stack } from "./pulumi.ts";
import { ensurePulumi } from "./pulumi-install.ts";
import { runPulumi } from "./pulumi-run.ts";
import { type Needs, readNeeds, refuse } from "./settings.ts";
import { table } from "./table.ts";

/** Makes the local environment of skill.yaml, or brings it up to date, and shows what exists. May be stopped and run again at any point. */
export async function up(report: Report): Promise<void> {
  const needs = readNeeds();
  if (needs.images.length > 0) await ensureEngine(report);
  if (needs.ports.length > 0) await refuseTakenPorts(needs);
  await ensurePulumi(needs.plugins, report);
  const renewed = await ensureImages(needs.images, report);

  await releaseLocks(report);
  removeBrokenAttributes();
  await ensureStack();
  if (needs.images.length > 0) await repair(renewed.map(imageName), report);
  await runPulumi(
    "Making what skill.yaml says (pulumi up)",
    ["up", "--yes", "--skip-preview", "--stack", stack],
    report,
  );
  await forgetInterrupted(await readDeployment());
  await show(needs, report);
}

async function refuseTakenPorts(needs: Needs): Promise<void> {
  const { containers } = await readLive();
  const own = containers
    .filter((container) => container.running && container.stack === stack)
    .flatMap(({ ports }) => ports);
  refuse(await portProblems(needs.ports, new Set(own)));
}

/** Brings the engine's containers to where Pulumi's state says they are, so that `up` can go on from there. */
async function repair(renewedImages: string[], report: Report): Promise<void> {
  const deployment = await readDeployment();
  const state = localState(deployment);
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
  if (todo.recreate.length > 0) {
    const targets = todo.recreate.flatMap(({ urn }) => ["--target", urn]);
    await runPulumi(
      `Making ${[...gone].join(", ")} anew on its data (the container is gone)`,
      ["refresh", "--yes", "--skip-preview", "--stack", stack, ...targets],
      report,
    );
  }
  await refreshImages(
    state.images.filter(({ name }) => renewedImages.includes(name)),
    report,
  );
  await adoptTopics(deployment, report);
}

/** Tells Pulumi of images that are others than before under the same names: it then makes their containers anew, on their data. */
async function refreshImages(images: Named[], report: Report): Promise<void> {
  if (images.length === 0) return;
  const targets = images.flatMap(({ urn }) => ["--target", urn]);
  const names = images.map(({ name }) => name).join(", ");
  await runPulumi(
    `Noting new images: ${names}`,
    ["refresh", "--yes", "--skip-preview", "--stack", stack, ...targets],
    report,
  );
}

async function show(needs: Needs, report: Report): Promise<void> {
  const outputs = JSON.parse(await pulumiOutput("stack", "output", "--json", "--stack", stack));
  if (!Array.isArray(outputs.summary)) throw new Failure("The program gave no summary of what it made.");
  report.say("");
  for (const line of table(["broker", "kind", "name", "detail"], outputs.summary)) report.say(line);
  report.say("");
  if (needs.ports.length > 0) {
    const addresses = needs.ports.map(({ broker, port, key }) => ({
      broker,
      address: `127.0.0.1:${port}`,
      "moved by": key,
    }));
    for (const line of table(["broker", "address", "moved by"], addresses)) report.say(line);
    report.say("");
  }
  if (!hasOwnPassphrase(process.env)) {
    report.say("To use Pulumi by hand, once in each shell:");
    report.say(`  export PULUMI_CONFIG_PASSPHRASE_FILE=${passphraseFile}`);
  }
  report.say("What each app needs to connect, passwords included:");
  report.say("  npx pulumi stack output apps --show-secrets");
  report.say("Does every flow keep its promises, and what failed for good:");
  report.say("  npx messaging verify");
  report.say("  npx messaging dlq list");
  report.say("After a change of skill.yaml, what it would do:");
  report.say("  npx pulumi preview");
}
