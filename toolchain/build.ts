import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { capture, logged } from "./command.ts";
import { Failure } from "./failure.ts";
import { withFileLock } from "./file-lock.ts";
import { cacheFolder, root } from "./paths.ts";
import type { Report } from "./progress.ts";
import { type Recipe, recipeHash } from "./recipes.ts";
import { copyUpstream } from "./upstream.ts";

/** The Go that the recipes' go.mod files ask for. */
const GO_VERSION = [1, 26] as const;

/**
 * The binary of a recipe, from the cache or built into it. A build may be stopped at any point: Go keeps what it has compiled,
 * and the binary takes its place in one step.
 *
 * @throws Failure when Go is missing or the build fails.
 */
export async function cachedBinary(recipe: Recipe, report: Report): Promise<string> {
  const folder = recipeFolder(recipe);
  const home = join(cacheFolder(), "toolchain", `${recipe.binary}-${recipeHash(recipe, folder)}`);
  const binary = join(home, recipe.binary);
  if (existsSync(binary)) return binary;

  await requireGo(recipe);
  mkdirSync(home, { recursive: true });
  await report.step(`Building ${recipe.title} (about ${recipe.takes}, once)`, (tell) =>
    withFileLock(join(home, "lock"), tell, async () => {
      if (!existsSync(binary)) await build(recipe, folder, home, tell);
    }),
  );
  return binary;
}

/** The folder with the recipe's go.mod. */
export function recipeFolder(recipe: Recipe): string {
  return join(root, "toolchain", recipe.folder);
}

async function build(recipe: Recipe, folder: string, home: string, tell: (detail: string) => void): Promise<void> {
  const work = join(home, "work");
  rmSync(work, { recursive: true, force: true });
  cpSync(folder, work, { recursive: true });
  if (recipe.upstream) {
    tell("fetching its source");
    await copyUpstream(recipe.upstream, work);
    for (const file of Object.keys(recipe.upstream.add ?? {})) rmSync(join(work, file));
  }
  const made = join(home, `${recipe.binary}.tmp`);
  let packages = 0;
  await logged(
    "go",
    ["build", "-v", ...(recipe.ldflags ? ["-ldflags", recipe.ldflags] : []), "-o", made, recipe.package],
    join(home, "build.log"),
    {
      cwd: work,
      env: { ...process.env, GOFLAGS: "-buildvcs=false", GOWORK: "off", GO111MODULE: "on" },
      onLine: (line) => tell(line.startsWith("go: ") ? line.slice(4) : `${++packages} packages compiled`),
    },
  );
  chmodSync(made, 0o755);
  renameSync(made, join(home, recipe.binary));
  rmSync(work, { recursive: true, force: true });
}

async function requireGo(recipe: Recipe): Promise<void> {
  const { code, stdout } = await capture("go", ["version"]);
  const wanted = GO_VERSION.join(".");
  const why = `${recipe.title} cannot be downloaded here, so it is built, which needs Go ${wanted} or later`;
  const todo = "Install it from your system's packages or from https://go.dev/dl, then start again";
  if (code !== 0) throw new Failure(`${capital(why)}, and there is no Go on this machine. ${todo}.`);
  // An older Go fetches the one that it needs from the module proxy, unless it was told to stay as it is.
  const { stdout: policy } = await capture("go", ["env", "GOTOOLCHAIN"]);
  if (!goIsNewEnough(stdout) && policy.trim() === "local") {
    throw new Failure(`${capital(why)}, and this machine has ${stdout.trim()}. ${todo}.`);
  }
}

/** Reads `go version`'s answer. A version that it cannot read counts as new enough: the build then says what is wrong. */
export function goIsNewEnough(answer: string): boolean {
  const found = /go(\d+)\.(\d+)/.exec(answer);
  if (!found) return true;
  const [major, minor] = [Number(found[1]), Number(found[2])];
  return major > GO_VERSION[0] || (major === GO_VERSION[0] && minor >= GO_VERSION[1]);
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
