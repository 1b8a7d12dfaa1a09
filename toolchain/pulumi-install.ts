import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { cachedBinary, recipeFolder } from "./build.ts";
import { eachLine } from "./command.ts";
import { pulumiHome, root } from "./paths.ts";
import type { Report } from "./progress.ts";
import {
  cliRecipes,
  cliVersion,
  type PluginName,
  pluginRecipes,
  pluginVersions,
  type Recipe,
  recipeHash,
} from "./recipes.ts";

/** Where the official CLI and plugins come from. */
const DOWNLOADS = `https://get.pulumi.com/releases/sdk/pulumi-v${cliVersion}-linux-x64.tar.gz`;
/** How long that host may take to answer before the toolchain is built instead. */
const DOWNLOADS_TIMEOUT_MS = 5_000;

/** Puts the CLI and these plugins where Pulumi looks for them: downloaded where that works, built where it does not. */
export async function ensurePulumi(plugins: PluginName[], report: Report): Promise<void> {
  const wantCli = !cliRecipes.every(isInPlace);
  const missing = plugins.filter((name) => !isInPlace(pluginRecipes[name]));
  if (!wantCli && missing.length === 0) return;

  const download = await downloadsWork(report);
  if (wantCli) await ensureCli(download, report);
  for (const name of missing) await ensurePlugin(name, download, report);
}

async function ensureCli(download: boolean, report: Report): Promise<void> {
  if (download) {
    const run = join(root, "node_modules", "pulumi", "run.js");
    if (await downloaded(`Downloading the Pulumi CLI ${cliVersion}`, process.execPath, [run, "version"], report))
      return;
  }
  for (const recipe of cliRecipes) await place(recipe, report);
}

async function ensurePlugin(name: PluginName, download: boolean, report: Report): Promise<void> {
  const version = pluginVersions[name];
  if (download) {
    const args = ["plugin", "install", "resource", name, version];
    if (await downloaded(`Downloading ${pluginRecipes[name].title} ${version}`, pulumiBinary(), args, report)) return;
  }
  await place(pluginRecipes[name], report);
}

/** The CLI's own path: the same that `npx pulumi` would find, without the time that npx takes. */
export function pulumiBinary(): string {
  return join(pulumiHome(), "versions", cliVersion, "bin", "pulumi");
}

async function downloaded(title: string, command: string, args: string[], report: Report): Promise<boolean> {
  const lines: string[] = [];
  const code = await report.step(title, (tell) =>
    eachLine(command, args, (line) => {
      lines.push(line);
      tell(line.trim());
    }),
  );
  if (code !== 0)
    report.say(`  It could not be downloaded (${lines.at(-1)?.trim() ?? `code ${code}`}), so it is built here.`);
  return code === 0;
}

async function downloadsWork(report: Report): Promise<boolean> {
  try {
    const answer = await fetch(DOWNLOADS, { method: "HEAD", signal: AbortSignal.timeout(DOWNLOADS_TIMEOUT_MS) });
    if (answer.ok) return true;
  } catch {
    // Refused, unknown or too slow: all the same to the user.
  }
  report.say(
    "Pulumi is not on this machine and its download host does not answer: it is taken from ~/.cache/messaging, or built from Go modules and kept there.",
  );
  return false;
}

/** A binary that is there and that either we did not build or that we built in exactly this way. */
function isInPlace(recipe: Recipe): boolean {
  const { binary, mark } = placeOf(recipe);
  if (!existsSync(binary)) return false;
  return !existsSync(mark) || readFileSync(mark, "utf8").trim() === recipeHash(recipe, recipeFolder(recipe));
}

async function place(recipe: Recipe, report: Report): Promise<void> {
  const source = await cachedBinary(recipe, report);
  const { folder, binary, mark } = placeOf(recipe);
  mkdirSync(folder, { recursive: true });
  const fresh = `${binary}.${process.pid}.tmp`;
  rmSync(fresh, { force: true });
  linkOrCopy(source, fresh);
  renameSync(fresh, binary);
  writeFileSync(mark, `${recipeHash(recipe, recipeFolder(recipe))}\n`);
}

function placeOf(recipe: Recipe) {
  const folder = join(pulumiHome(), recipe.place);
  return { folder, binary: join(folder, recipe.binary), mark: join(folder, `.${recipe.binary}.recipe`) };
}

function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch {
    copyFileSync(from, to); // another file system, or one without hard links
    chmodSync(to, 0o755);
  }
}
