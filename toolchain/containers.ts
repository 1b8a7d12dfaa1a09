import { setTimeout as sleep } from "node:timers/promises";
import { capture } from "./command.ts";
import type { LocalState, Named } from "./deployment.ts";
import { Failure } from "./failure.ts";
import type { Report } from "./progress.ts";

/** A container as the engine lists it. */
export interface LiveContainer {
  name: string;
  running: boolean;
  /** The value of the label `messaging.stack`; empty: not made by us. */
  stack: string;
  /** Ports of this machine that lead into it. */
  ports: number[];
}

/** A volume as the engine lists it, with the same label. */
export type LiveVolume = Pick<LiveContainer, "name" | "stack">;

/** What the engine has. */
export interface LiveState {
  containers: LiveContainer[];
  volumes: LiveVolume[];
}

/** What must be done before Pulumi can go on from its state to what is there. */
export interface Repair {
  /** Containers that were made by an `up` that was killed before it could note them. */
  remove: string[];
  /** Containers that are there and do not run. */
  start: string[];
  /** Containers that are gone, while their data is still there. */
  recreate: Named[];
  /** Volumes that are gone, and with them what the broker held. */
  lost: string[];
  /** Containers and volumes with our names that this state does not know. */
  foreign: { containers: string[]; volumes: string[] };
}

/** How long a broker may take to answer after its container was started. */
const HEALTHY_MS = 180_000;

/** Compares what Pulumi remembers with what the engine has. */
export function compare(state: LocalState, live: LiveState, stack: string): Repair {
  const prefix = `messaging-${stack}-`;
  const names = (list: Named[]) => new Set(list.map(({ name }) => name));
  const known = names([...state.containers, ...state.volumes]);
  const interrupted = names(state.interrupted);
  // Its volume is the environment's, so it is too, though its making was noted nowhere.
  const unnoted = new Set(state.volumes.map(({ name }) => name).filter((name) => !names(state.containers).has(name)));
  const liveByName = new Map(live.containers.map((container) => [container.name, container]));
  const liveVolumes = new Set(live.volumes.map(({ name }) => name));
  // Names of the environment `local-two` begin as those of `local` do: the label tells them apart.
  const strangers = (all: LiveVolume[]) =>
    all
      .filter(({ name, stack: label }) => name.startsWith(prefix) && (label === stack || label === ""))
      .filter((one) => !known.has(one.name) && !(interrupted.has(one.name) && bearsOurLabel(one)))
      .map(({ name }) => name);

  return {
    remove: live.containers
      .filter((one) => (interrupted.has(one.name) || unnoted.has(one.name)) && bearsOurLabel(one))
      .map(({ name }) => name),
    start: state.containers.map(({ name }) => name).filter((name) => liveByName.get(name)?.running === false),
    recreate: state.containers.filter(({ name }) => !liveByName.has(name)),
    lost: state.volumes.map(({ name }) => name).filter((name) => !liveVolumes.has(name)),
    foreign: { containers: strangers(live.containers), volumes: strangers(live.volumes) },
  };
}

/**
 * Whether what has a name of this environment's state was made by this project. A stack that was renamed keeps what it made under its
 * former name, in name and label.
 */
export const bearsOurLabel = ({ name, stack }: LiveVolume): boolean =>
  stack !== "" && name.startsWith(`messaging-${stack}-`);

/** Asks the engine for all that it has. */
export async function readLive(): Promise<LiveState> {
  const format = '{{.Names}}\t{{.State}}\t{{.Label "messaging.stack"}}\t{{.Ports}}';
  const [containers, volumes] = await Promise.all([
    docker("ps", "--all", "--no-trunc", "--format", format),
    docker("volume", "ls", "--format", '{{.Name}}\t{{.Label "messaging.stack"}}'),
  ]);
  return { containers: lines(containers).map(readContainer), volumes: lines(volumes).map(readVolume) };
}

/** Reads a line of `docker ps` in the format of `readLive`. */
export function readContainer(line: string): LiveContainer {
  const [name = "", state = "", stack = "", ports = ""] = line.split("\t");
  const published = [...ports.matchAll(/:(\d+)->/g)].map((match) => Number(match[1]));
  return { name, running: state === "running", stack, ports: [...new Set(published)] };
}

/** Reads a line of `docker volume ls` in the format of `readLive`. */
export function readVolume(line: string): LiveVolume {
  const [name = "", stack = ""] = line.split("\t");
  return { name, stack };
}

/** The sentences that say why nothing can be done here, if there are any. */
export function blockers({ lost, foreign }: Repair): string[] {
  const problems = lost.map(
    (name) =>
      `The volume ${name} is gone, and with it all that this broker held. Nothing was changed; to make the environment anew, without its data: npm run down, then npm start.`,
  );
  const commands = [
    foreign.containers.length > 0 ? `docker rm --force ${foreign.containers.join(" ")}` : "",
    foreign.volumes.length > 0 ? `docker volume rm ${foreign.volumes.join(" ")}` : "",
  ].filter((command) => command !== "");
  if (commands.length > 0) {
    const names = [...new Set([...foreign.containers, ...foreign.volumes])].join(", ");
    problems.push(
      `${names}: there already, and not made from this folder. Run npm run down in the clone that made them, or remove them with what they hold: ${commands.join(" && ")}`,
    );
  }
  return problems;
}

/** Starts containers and waits until each of them is healthy. */
export async function startContainers(names: string[], report: Report): Promise<void> {
  if (names.length === 0) return;
  await report.step(`Starting what was stopped: ${names.join(", ")}`, async () => {
    await docker("start", ...names);
  });
  await waitHealthy(names, report);
}

/** Waits until each container's health check passes. @throws Failure with exit code 2 for the first that does not answer */
export async function waitHealthy(names: string[], report: Report): Promise<void> {
  if ((await unhealthy(names)).length === 0) return;
  await report.step("Waiting for the brokers to answer", async (tell) => {
    const deadline = Date.now() + HEALTHY_MS;
    for (let waiting = await unhealthy(names); waiting.length > 0; waiting = await unhealthy(names)) {
      if (Date.now() > deadline) {
        throw new Failure(
          `${waiting.join(", ")} does not answer. What it says: docker logs --tail 20 ${waiting[0]}`,
          2,
        );
      }
      tell(waiting.join(", "));
      await sleep(1_000);
    }
  });
}

/** Those of these containers that do not run, or whose health check does not pass. */
export async function unhealthy(names: string[]): Promise<string[]> {
  if (names.length === 0) return [];
  const format = "{{.Name}}\t{{if .State.Health}}{{.State.Health.Status}}{{else}}healthy{{end}}\t{{.State.Running}}";
  const said = await docker("inspect", "--format", format, ...names);
  return lines(said)
    .map((line) => line.split("\t"))
    .filter(([, health, running]) => health !== "healthy" || running !== "true")
    .map(([name = ""]) => name.replace(/^\//, ""));
}

/** Runs docker and gives back what it prints. @throws Failure with its own words */
export async function docker(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await capture("docker", args);
  if (code !== 0) throw new Failure(`docker ${args[0]}: ${stderr.trim()}`);
  return stdout;
}

function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}
