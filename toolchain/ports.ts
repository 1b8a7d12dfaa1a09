import { existsSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { basename } from "node:path";
import type { LocalPort } from "../skill/index.ts";
import { capture } from "./command.ts";
import { stackFile } from "./pulumi.ts";

/** One sentence for each port that somebody else listens on. Those that our own containers publish are in `own`. */
export async function portProblems(wanted: LocalPort[], own: ReadonlySet<number>): Promise<string[]> {
  const problems: string[] = [];
  for (const want of wanted) {
    if (own.has(want.port) || (await isFree(want.port))) continue;
    problems.push(taken(want, await listener(want.port)));
  }
  return problems;
}

/** The sentence for a port that is in use. */
export function taken({ port, broker, key }: LocalPort, by: string | undefined): string {
  return `Port ${port}, which ${broker} needs, is in use${by ? ` by ${by}` : ""}: end that, or set another port as ${key} in ${basename(stackFile)}.`;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code !== "EADDRINUSE"));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(true)));
  });
}

/** Who listens on a port, as far as this user may know: a container, or a process. */
async function listener(port: number): Promise<string | undefined> {
  const { stdout } = await capture("docker", ["ps", "--filter", `publish=${port}`, "--format", "{{.Names}}"]);
  const container = stdout.trim().split("\n")[0];
  if (container) return `the container ${container}`;
  const pid = existsSync("/proc/net/tcp") ? pidOfPort(port) : await pidByLsof(port);
  return pid === undefined ? undefined : `process ${pid}${nameOf(pid)}`;
}

async function pidByLsof(port: number): Promise<number | undefined> {
  const { stdout } = await capture("lsof", ["-nP", "-t", `-iTCP:${port}`, "-sTCP:LISTEN"]);
  return Number(stdout.split("\n")[0]) || undefined;
}

function pidOfPort(port: number): number | undefined {
  const sockets = ["/proc/net/tcp", "/proc/net/tcp6"]
    .filter(existsSync)
    .flatMap((file) => inodesOf(readFileSync(file, "utf8"), port));
  const links = new Set(sockets.map((inode) => `socket:[${inode}]`));
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => descriptors(pid).some((link) => links.has(link)));
}

/** The inodes of the sockets that listen on a port, from the text of /proc/net/tcp. */
export function inodesOf(table: string, port: number): string[] {
  const hex = port.toString(16).toUpperCase().padStart(4, "0");
  return table.split("\n").flatMap((line) => {
    const fields = line.trim().split(/\s+/);
    return fields[1]?.endsWith(`:${hex}`) && fields[3] === "0A" ? [fields[9]!] : []; // 0A: listening
  });
}

function descriptors(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`));
  } catch {
    return []; // another user's process, or one that has just ended
  }
}

function nameOf(pid: number): string {
  try {
    return ` (${readFileSync(`/proc/${pid}/comm`, "utf8").trim()})`;
  } catch {
    return "";
  }
}
