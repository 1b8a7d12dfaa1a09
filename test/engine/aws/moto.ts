import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { cacheFolder } from "../../../toolchain/paths.ts";
import { must } from "../command.ts";

const requirements = join(import.meta.dirname, "requirements.txt");
const server = join(import.meta.dirname, "elasticache.py");

/** An emulator that runs in a process of its own. */
export interface Emulator {
  /** `http://127.0.0.1:port` */
  endpoint: string;
  stop(): Promise<void>;
}

/** moto's Python, installed into the cache folder by the first run that wants it: some 90 s, once. */
async function python(): Promise<string> {
  const version = createHash("sha256").update(readFileSync(requirements)).digest("hex").slice(0, 8);
  const home = join(cacheFolder(), "tests", `moto-${version}`);
  const interpreter = join(home, "bin/python");
  // Its scripts name the folder that it was made in, and none of them is used.
  if (existsSync(interpreter)) return interpreter;
  const making = `${home}.${process.pid}`;
  mkdirSync(dirname(home), { recursive: true });
  await must("python3", ["-m", "venv", making]);
  await must(join(making, "bin/python"), ["-m", "pip", "install", "--quiet", "--requirement", requirements]);
  if (existsSync(interpreter)) rmSync(making, { recursive: true });
  else renameSync(making, home);
  return interpreter;
}

/** Starts moto with ElastiCache, S3 and KMS on a port of 127.0.0.1, and waits until it answers. */
export async function startMoto(port: number): Promise<Emulator> {
  const child = spawn(await python(), [server, String(port)], { stdio: ["ignore", "ignore", "pipe"] });
  const said: string[] = [];
  child.stderr.setEncoding("utf8").on("data", (text: string) => said.push(text));
  const endpoint = `http://127.0.0.1:${port}`;
  try {
    await answered(child, `${endpoint}/moto-api/`);
  } catch {
    throw new Error(`moto does not answer:\n${said.join("")}`);
  }
  return { endpoint, stop: () => ended(child) };
}

async function answered(child: ChildProcess, address: string): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline && child.exitCode === null) {
    const answer = await fetch(address, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined);
    if (answer?.ok) return;
    await wait(250);
  }
  child.kill("SIGKILL");
  throw new Error("no answer");
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
