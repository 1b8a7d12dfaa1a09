import { existsSync, readFileSync } from "node:fs";
import { imageName } from "../components/images.ts";
import { checkState } from "./attributes.ts";
import { readLive } from "./containers.ts";
import { localState, readDeployment } from "./deployment.ts";
import { ensureEngine } from "./engine.ts";
import { Failure } from "./failure.ts";
import { ensureImages } from "./images/index.ts";
import { releaseLocks } from "./locks.ts";
import { portProblems } from "./ports.ts";
import type { Report } from "./progress.ts";
import { ensureStack, needsPassphrase, passphraseFile, pulumiOutput, stack, stackFile } from "./pulumi.ts";
import { ensurePulumi, pulumiBinary } from "./pulumi-install.ts";
import { runPulumi } from "./pulumi-run.ts";
import { recoverPending, recoverUnnoted } from "./recover/index.ts";
import { endLeftPlugins } from "./recover/processes.ts";
import { noteImages, repairContainers } from "./repair.ts";
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
  checkState();
  await ensureStack();
  await endLeftPlugins();
  let whole = true;
  if (needs.images.length > 0) {
    const { images, gone } = await repairContainers(report);
    const names = renewed.map(imageName);
    await noteImages(
      images.filter(({ name }) => names.includes(name)),
      report,
    );
    whole = gone.length === 0;
  }
  // A broker whose container is gone can be asked only when it is there again.
  if (whole) await recoverPending(report);
  await make(report, whole);
  if (!whole) await recoverPending(report);
  await show(needs, report);
}

async function make(report: Report, whole: boolean): Promise<void> {
  // What a preview refuses has changed nothing; but it asks the brokers, and one that is gone does not answer.
  const args = ["up", "--yes", ...(whole ? [] : ["--skip-preview"]), "--stack", stack];
  try {
    await runPulumi("Making what skill.yaml says (pulumi up)", args, report);
  } catch (error) {
    if (!(error instanceof Failure) || !error.message.includes(OWNERSHIP)) throw error;
    // Brokers of this machine are the environment's own, so what is on them was made by an `up` that was interrupted.
    const found = await recoverUnnoted(report, () => readNeeds().images.length > 0);
    if (!found.some(({ did }) => did === "adopted")) throw error;
    await runPulumi("Making the rest of it (pulumi up)", args, report);
  }
}

/** How the gate of the program names what refuses to make a thing that exists. */
const OWNERSHIP = '"ownership gate"';

async function refuseTakenPorts(needs: Needs): Promise<void> {
  const { containers } = await readLive();
  // Those of a stack that was renamed bear its former name; what cannot be read here is told of later.
  const deployment = existsSync(pulumiBinary()) ? await readDeployment().catch(() => undefined) : undefined;
  const known = new Set(localState(deployment).containers.map(({ name }) => name));
  const own = containers
    .filter((container) => container.running && (container.stack === stack || known.has(container.name)))
    .flatMap(({ ports }) => ports);
  refuse(await portProblems(needs.ports, new Set(own)));
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
  if (needsPassphrase(readFileSync(stackFile, "utf8"))) {
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
