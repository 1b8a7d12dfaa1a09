import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { capture, logged } from "./command.ts";
import { Failure } from "./failure.ts";
import { cacheFolder } from "./paths.ts";
import type { Report } from "./progress.ts";

/** How long a container engine that was started may take to answer. */
const ENGINE_STARTS_MS = 60_000;

/** Why the engine cannot be used, as its own client says it. */
export type EngineState = "ready" | "no client" | "no permission" | "not running";

/** Makes sure that a Docker engine answers: uses the one that does, starts the one that is there, installs one where there is none. */
export async function ensureEngine(report: Report): Promise<void> {
  const state = await engineState();
  if (state === "ready") return;
  if (state === "no permission") throw new Failure(noPermission());
  if (process.env.DOCKER_HOST) {
    throw new Failure(
      `The Docker engine that DOCKER_HOST names (${process.env.DOCKER_HOST}) does not answer: start it, or unset DOCKER_HOST.`,
    );
  }
  const become = await asRoot();
  if (process.platform !== "linux" || become === undefined) throw new Failure(startItYourself(state));
  if (state === "no client" || (await capture("sh", ["-c", "command -v dockerd"])).code !== 0)
    await install(become, report);
  if ((await engineState()) !== "ready") await startEngine(become, report);
  if ((await engineState()) === "no permission") throw new Failure(noPermission());
}

/** Asks the engine for the least that needs one. */
async function engineState(): Promise<EngineState> {
  const { code, stderr, stdout } = await capture("docker", ["version", "--format", "{{.Server.Version}}"], {
    timeoutMs: 20_000,
  });
  return readEngineState(code, `${stdout}${stderr}`);
}

/** Reads what `docker version` said. */
export function readEngineState(code: number, said: string): EngineState {
  if (code === 0) return "ready";
  if (code === 127) return "no client";
  return /permission denied/i.test(said) ? "no permission" : "not running";
}

/** The words before a command that needs root: none for root, `sudo -n` where that asks no password, undefined elsewhere. */
async function asRoot(): Promise<string[] | undefined> {
  if (process.getuid?.() === 0) return [];
  return (await capture("sudo", ["-n", "true"])).code === 0 ? ["sudo", "-n"] : undefined;
}

async function install(become: string[], report: Report): Promise<void> {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  if (!isDebianLike(release)) throw new Failure(startItYourself("no client"));
  const log = join(cacheFolder(), "docker-install.log");
  const apt = (...args: string[]) => [...become, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args];
  await report.step("Installing Docker (the package docker.io; the brokers run as containers)", async (tell) => {
    for (const [command, ...args] of [
      apt("update"),
      apt("install", "-y", "--no-install-recommends", "docker.io", "iptables"),
    ]) {
      await logged(command!, args, log, { onLine: (line) => tell(line.slice(0, 60)) });
    }
  });
}

/** Whether /etc/os-release is of Debian, Ubuntu or a system made from them. */
export function isDebianLike(release: string): boolean {
  return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(release);
}

async function startEngine(become: string[], report: Report): Promise<void> {
  await report.step("Starting the Docker engine", async () => {
    if (existsSync("/run/systemd/system"))
      await capture(become[0] ?? "systemctl", [
        ...become.slice(1),
        ...(become.length ? ["systemctl"] : []),
        "start",
        "docker",
      ]);
    else await startByHand(become);
    const deadline = Date.now() + ENGINE_STARTS_MS;
    while ((await engineState()) === "not running") {
      if (Date.now() > deadline)
        throw new Failure(`The Docker engine was started and does not answer. Its log is ${engineLog()}.`);
      await sleep(500);
    }
  });
}

/** Where there is no service manager, as in a container: the engine runs on by itself and outlives this process. */
async function startByHand(become: string[]): Promise<void> {
  mkdirSync(cacheFolder(), { recursive: true });
  const log = openSync(engineLog(), "a");
  const [command, ...args] = [...become, "dockerd"];
  spawn(command!, args, { detached: true, stdio: ["ignore", log, log] })
    .on("error", () => {})
    .unref();
  closeSync(log);
}

function engineLog(): string {
  return join(cacheFolder(), "dockerd.log");
}

function noPermission(): string {
  return "You may not use the Docker engine: join its group with `sudo usermod -aG docker $USER`, log in again, and start again.";
}

function startItYourself(state: EngineState): string {
  const missing = state === "no client" ? "There is no Docker on this machine" : "The Docker engine is not running";
  const todo =
    process.platform === "linux"
      ? "install Docker Engine (https://docs.docker.com/engine/install) and start it with `sudo systemctl start docker`"
      : "install and start Docker Desktop (https://docs.docker.com/desktop)";
  return `${missing}, and the local brokers run as containers: ${todo}, then start again.`;
}
