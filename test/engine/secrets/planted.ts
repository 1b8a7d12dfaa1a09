import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { searcher } from "../../secrets/search.ts";
import type { Clone } from "../clone.ts";
import { must, run } from "../command.ts";
import { addDocker } from "./docker.ts";
import { ground } from "./ground.ts";
import { haystacks } from "./haystacks.ts";
import { addFiles, watchFiles, watchProcesses } from "./watch.ts";

const NAME = "secrets-planted";

/** Puts a secret wherever a reader looks, by means of the same readers, and returns where it was found, sorted. `folder` is empty, and is left so. */
export async function plant(clone: Clone, folder: string): Promise<string[]> {
  const secret = `planted-${randomBytes(12).toString("hex")}`;
  const to = haystacks();
  const { pulumi, messaging, npm } = ground(clone, to, folder);
  await Promise.all([
    pulumi("pulumi", ["config", "get", secret]),
    messaging("messaging", [secret]),
    npm("npm", ["run", secret]),
  ]);
  await plantFiles(to, folder, secret);
  await plantProcess(to, secret);
  await plantContainer(to, secret);
  const { hits } = to.search(searcher([{ kind: "planted", text: secret }]));
  return [...new Set(hits.map(({ where, form }) => `${where}, ${form}`))].sort();
}

async function plantFiles(to: ReturnType<typeof haystacks>, folder: string, secret: string): Promise<void> {
  const below = join(folder, "a/b");
  mkdirSync(below, { recursive: true });
  writeFileSync(join(below, "state.json"), JSON.stringify({ secret }));
  addFiles(to, "files", folder);
  writeFileSync(join(below, "state.json"), gzipSync(`state ${Buffer.from(secret).toString("hex")}`));
  addFiles(to, "compressed files", folder);
  rmSync(join(folder, "a"), { recursive: true });
  const stop = watchFiles(to, "passing files", folder);
  writeFileSync(join(folder, "passing"), Buffer.from(`-${secret}-`).toString("base64"));
  await wait(400);
  rmSync(join(folder, "passing"));
  stop();
}

async function plantProcess(to: ReturnType<typeof haystacks>, secret: string): Promise<void> {
  const stop = watchProcesses(to, "processes", process.pid);
  // A child of a child, which is another program than the one that it was forked as.
  const script = 'PLANTED="$1" sh -c "sleep 1; exit 0" "$2"';
  await once(spawn("sh", ["-c", script, "sh", secret, secret], { stdio: "ignore" }), "close");
  stop();
}

/** In a container of everything that the engine tells about. */
async function plantContainer(to: ReturnType<typeof haystacks>, secret: string): Promise<void> {
  const label = ["--label", `planted=${secret}`];
  const image = `${NAME}:latest`;
  await removePlanted();
  try {
    await must("docker", ["volume", "create", ...label, NAME]);
    await must("docker", ["network", "create", ...label, NAME]);
    await must("docker", ["create", "--name", `${NAME}-base`, "messaging.local/redis:8.0.2"]);
    await must("docker", ["commit", "--change", `LABEL planted=${secret}`, "--message", secret, `${NAME}-base`, image]);
    const script = `echo ${secret}; touch /tmp/${secret}; sleep 60`;
    const options = ["--detach", "--name", NAME, ...label, "--env", `PLANTED=${secret}`, "--entrypoint", "sh"];
    await must("docker", ["run", ...options, image, "-c", script]);
    await wait(500);
    await addDocker(to, "docker", NAME);
  } finally {
    await removePlanted();
  }
}

async function removePlanted(): Promise<void> {
  await run("docker", ["rm", "--force", "--volumes", NAME, `${NAME}-base`]);
  await run("docker", ["image", "rm", "--force", `${NAME}:latest`]);
  await run("docker", ["volume", "rm", NAME]);
  await run("docker", ["network", "rm", NAME]);
}
