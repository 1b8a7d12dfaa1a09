import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkState } from "./attributes.ts";
import { bearsOurLabel, docker, type LiveState, type LiveVolume, readLive } from "./containers.ts";
import { type Deployment, isEmpty, type LocalState, localState, readDeployment } from "./deployment.ts";
import { ensureEngine } from "./engine.ts";
import { Failure } from "./failure.ts";
import { releaseLocks } from "./locks.ts";
import { removePassphraseFile } from "./passphrase.ts";
import type { Report } from "./progress.ts";
import {
  isDefaultBackend,
  passphraseFile,
  pulumi,
  pulumiOutput,
  stack,
  stackFile,
  stateFile,
  stateFolder,
} from "./pulumi.ts";
import { ensurePulumi } from "./pulumi-install.ts";
import { runPulumi } from "./pulumi-run.ts";
import { endLeftPlugins } from "./recover/processes.ts";
import { refuse } from "./settings.ts";
import { withoutSalt } from "./stack-file.ts";

/** What `npm run down` is told by its options. */
export interface DownOptions {
  /** Messages that nobody has consumed go too. Default: nothing is destroyed where there are any. */
  discardMessages?: boolean;
}

/** Destroys the local environment: containers, volumes, state, and what was written for it. Says so where there is none. */
export async function down(report: Report, { discardMessages = false }: DownOptions = {}): Promise<void> {
  if (!(await exists())) {
    forget();
    report.say(`There is no environment ${stack}: nothing to destroy.`);
    return;
  }
  await ensurePulumi([], report);
  await releaseLocks(report);
  await endLeftPlugins();
  checkState();
  const deployment = await readDeployment();
  const state = localState(deployment);
  if (!isEmpty(deployment)) {
    const live = isLocal(state) ? await readEngine(report) : { containers: [], volumes: [] };
    if (isWhole(state, live)) {
      await destroy(discardMessages, report);
    } else {
      if (!discardMessages) refuse(unseen(deployment, state, live));
      await removeByHand(state, live, report);
    }
  }
  await pulumiOutput("stack", "rm", "--yes", "--force", "--preserve-config", "--remove-backups", stack);
  forget();
  report.say(`The environment ${stack} is gone, with all that its brokers held.`);
}

/** The program runs with it, as its gate looks at what the brokers hold: all of it first, so that nothing goes where something must stay. */
async function destroy(discardMessages: boolean, report: Report): Promise<void> {
  const gate = { MESSAGING_DISCARD: `${stack}:${discardMessages ? "all" : "consumed"}` };
  const args = ["--run-program", "--stack", stack];
  try {
    if (!discardMessages) {
      await runPulumi("Looking at what the brokers hold", ["destroy", "--preview-only", ...args], report, gate);
    }
    await runPulumi(
      "Destroying the environment (pulumi destroy)",
      ["destroy", "--yes", "--skip-preview", ...args],
      report,
      gate,
    );
  } catch (error) {
    if (!(error instanceof Failure) || !error.message.includes(GATE)) throw error;
    throw new Failure(`${error.message}\nTo destroy the environment with all of it: ${DISCARD}`, error.exitCode);
  }
}

const GATE = '"data-loss gate"';
const DISCARD = "npm run down -- --discard-messages";

/** Why an environment that was whole once is not removed: brokers that do not run, so that nobody can look at what their volumes hold. */
function unseen(deployment: Deployment | undefined, state: LocalState, live: LiveState): string[] {
  const root = deployment?.resources?.find(({ type }) => type === "pulumi:pulumi:Stack");
  if (root?.outputs?.summary === undefined) return [];
  const running = new Set(live.containers.filter((container) => container.running).map(({ name }) => name));
  const there = new Set(live.volumes.map(({ name }) => name));
  const names = state.volumes.map(({ name }) => name).filter((name) => there.has(name) && !running.has(name));
  if (names.length === 0) return [];
  return [
    `${names.join(", ")}: not running, so nobody can see what it holds. Nothing was destroyed. npm start brings it back; to destroy the environment with all of it: ${DISCARD}`,
  ];
}

async function exists(): Promise<boolean> {
  if (isDefaultBackend()) return existsSync(stateFile);
  return (await pulumi("stack", "select", stack)).code === 0;
}

/** Whether anything of the environment is of the Docker engine, which others do without. */
function isLocal({ containers, volumes, interrupted }: LocalState): boolean {
  return containers.length + volumes.length + interrupted.length > 0;
}

async function readEngine(report: Report): Promise<LiveState> {
  await ensureEngine(report);
  return readLive();
}

/** Whether Pulumi can destroy this environment its own way: each broker runs, and nothing is half made. */
function isWhole(state: LocalState, live: LiveState): boolean {
  const running = new Set(live.containers.filter((container) => container.running).map(({ name }) => name));
  return state.interrupted.length === 0 && state.containers.every(({ name }) => running.has(name));
}

/** What the brokers hold goes with their containers and volumes: where a broker is gone, they are all that is left to remove. */
async function removeByHand(state: LocalState, live: LiveState, report: Report): Promise<void> {
  await report.step("Removing the containers and volumes of an environment that is not whole", async () => {
    const ours = new Set([...state.containers, ...state.interrupted, ...state.volumes].map(({ name }) => name));
    const namesOfOurs = (all: LiveVolume[]) =>
      all.filter((it) => ours.has(it.name) && bearsOurLabel(it)).map(({ name }) => name);
    const containers = namesOfOurs(live.containers);
    const volumes = namesOfOurs(live.volumes);
    if (containers.length > 0) await docker("rm", "--force", ...containers);
    if (volumes.length > 0) await docker("volume", "rm", ...volumes);
  });
}

/** Takes back what was written for the environment beside its state. */
function forget(): void {
  if (!isDefaultBackend()) return;
  if (existsSync(stackFile)) {
    const text = readFileSync(stackFile, "utf8");
    if (withoutSalt(text) !== text) writeFileSync(stackFile, withoutSalt(text));
  }
  const stacks = join(stateFolder, ".pulumi", "stacks");
  // Other projects may share the backend, each with a folder of its own.
  const others =
    existsSync(stacks) &&
    readdirSync(stacks, { recursive: true, encoding: "utf8" }).some((file) => file.endsWith(".json"));
  if (others) return;
  removePassphraseFile(passphraseFile);
  rmSync(join(stateFolder, ".pulumi"), { recursive: true, force: true });
}
