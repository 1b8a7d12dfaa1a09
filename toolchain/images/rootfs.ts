import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LocalBroker } from "../../components/images.ts";
import { capture, logged } from "../command.ts";
import { aptMirrors, downloadSettings, sourcesFor } from "./apt.ts";
import type { Recipe } from "./recipes.ts";

const WORK_PREFIX = "messaging-image-";

/** What mmdebstrap mounts is seen by nobody else, and gone when it is, however it ends. */
const AS_ROOT = ["unshare", "--mount", "mmdebstrap"];

const FILES = fileURLToPath(new URL(".", import.meta.url));

/** Makes the root filesystem of a recipe, hands it to `use` as a tar file, and removes it. A build that was interrupted before is started anew. */
export async function withRootfs(
  broker: LocalBroker,
  recipe: Recipe,
  tell: (detail: string) => void,
  use: (tar: string, log: string) => Promise<void>,
): Promise<void> {
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "messaging", "images");
  const log = join(folder, `${broker}.log`);
  await rm(log, { force: true });
  await removeAbandoned();
  const work = await mkdtemp(join(tmpdir(), `${WORK_PREFIX}${process.pid}-`));
  // apt downloads as a user of its own.
  await chmod(work, 0o755);
  try {
    const env = { ...process.env, FILES, WORK: work, TMPDIR: work };
    if (recipe.prepare) {
      tell("fetching its libraries");
      await logged("sh", ["-euc", recipe.prepare.join("\n")], log, { env });
    }
    const tar = join(work, "rootfs.tar");
    const sources = join(work, "sources.list");
    await writeFile(sources, sourcesFor(recipe.suite, await machineMirrors()));
    const [command, ...before] = process.getuid?.() === 0 ? AS_ROOT : ["mmdebstrap"];
    const options = mmdebstrapOptions(recipe, await machineSettings());
    await logged(command!, [...before, ...options, recipe.suite, tar, sources], log, {
      env,
      onLine: (line) => tellStage(line, tell),
    });
    tell("importing it");
    await use(tar, log);
  } finally {
    await removeTree(work);
  }
}

/** Removes the folders of builds whose process is gone. */
async function removeAbandoned(): Promise<void> {
  for (const entry of await readdir(tmpdir())) {
    if (!entry.startsWith(WORK_PREFIX)) continue;
    const pid = Number.parseInt(entry.slice(WORK_PREFIX.length), 10);
    if (!isAlive(pid)) await removeTree(join(tmpdir(), entry));
  }
}

/** Stays out of whatever may be mounted below: a root filesystem has had this machine's devices in it. */
async function removeTree(path: string): Promise<void> {
  await capture("rm", ["-rf", "--one-file-system", path]);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** The arguments of mmdebstrap for a recipe, without release, target and mirrors. */
export function mmdebstrapOptions(recipe: Recipe, aptSettings: string[] = []): string[] {
  return [
    // Without apt: nothing is ever installed into an image afterwards.
    "--variant=essential",
    "--format=tar",
    `--include=${recipe.packages.join(",")}`,
    ...aptSettings.map((line) => `--aptopt=${line}`),
    `--essential-hook=${script(addUser(recipe.user))}`,
    `--customize-hook=${script([...(recipe.finish ?? []), ...recipe.owns.map((path) => own(path, recipe.user.id)), ...CLEAN])}`,
  ];
}

function script(lines: string[]): string {
  return ["set -eu", ...lines].join("\n");
}

function addUser({ name, id, home }: Recipe["user"]): string[] {
  return [
    `echo '${name}:x:${id}:${id}::${home}:/usr/sbin/nologin' >> "$1/etc/passwd"`,
    `echo '${name}:x:${id}:' >> "$1/etc/group"`,
    `mkdir -p "$1${home}"`,
  ];
}

function own(path: string, id: number): string {
  return `mkdir -p "$1${path}" && chown -R ${id}:${id} "$1${path}"`;
}

/** What no container reads, and what tells where this machine gets its packages from. */
const CLEAN = [
  'rm -rf "$1"/usr/share/doc/* "$1"/usr/share/man/* "$1"/usr/share/info/* "$1"/usr/share/locale/* "$1"/usr/share/lintian/*',
  'rm -rf "$1"/etc/apt/sources.list "$1"/etc/apt/sources.list.d/* "$1"/etc/apt/apt.conf.d/99mmdebstrap "$1"/var/log/apt "$1"/var/log/*.log',
];

async function machineMirrors() {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const codename = /^ID=debian$/m.test(release) ? /^VERSION_CODENAME=(.*)$/m.exec(release)?.[1] : undefined;
  const folder = "/etc/apt/sources.list.d";
  const files = [
    "/etc/apt/sources.list",
    ...(await readdir(folder).catch(() => []))
      .filter((file) => /\.(list|sources)$/.test(file))
      .map((file) => join(folder, file)),
  ];
  return aptMirrors(await Promise.all(files.map((file) => readFile(file, "utf8").catch(() => ""))), codename);
}

async function machineSettings(): Promise<string[]> {
  return downloadSettings((await capture("apt-config", ["dump"])).stdout);
}

function tellStage(line: string, tell: (detail: string) => void): void {
  if (/^I: (downloading|installing|running --customize|creating)/.test(line))
    tell(line.slice(3).replace(/ in shell.*/s, ""));
  if (/^(Collecting|Downloading|Installing collected)/.test(line)) tell(line.slice(0, 60));
}
