import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { capture } from "./command.ts";
import { Failure } from "./failure.ts";
import type { Upstream } from "./recipes.ts";
import { cuts, isNeeded } from "./trim-aws.ts";

/** Fetches the upstream module into Go's module cache, checks it, and copies what is needed of it to `workFolder/upstream`. */
export async function copyUpstream(upstream: Upstream, workFolder: string): Promise<void> {
  const source = await download(upstream, workFolder);
  const target = join(workFolder, "upstream");
  const keep = new Set(upstream.keepServices);
  const needed = (file: string) => isNeeded(relative(source, file).split(sep).join("/"), keep);

  copyFolder(source, target, upstream.keepServices ? needed : () => true);
  for (const [from, to] of Object.entries(upstream.add ?? {})) {
    mkdirSync(dirname(join(target, to)), { recursive: true });
    copyFileSync(join(workFolder, from), join(target, to));
  }
  if (upstream.keepServices) cut(target, keep);
}

async function download({ module, version, sum }: Upstream, cwd: string): Promise<string> {
  // Outside of every module, so that the recipe's own go.mod, which replaces the upstream by a folder, has no say.
  const env = { ...process.env, GOFLAGS: "-mod=mod", GONOSUMDB: module, GOWORK: "off", GO111MODULE: "on" };
  const { stdout, stderr } = await capture("go", ["mod", "download", "-json", `${module}@${version}`], {
    cwd: dirname(cwd),
    env,
  });
  let answer: { Dir?: string; Sum?: string; Error?: string };
  try {
    answer = JSON.parse(stdout);
  } catch {
    throw new Failure(`The Go module proxy did not give ${module}: ${stderr.trim()}`);
  }
  if (!answer.Dir) throw new Failure(`The Go module proxy did not give ${module}@${version}: ${answer.Error}`);
  if (answer.Sum !== sum) {
    throw new Failure(
      `${module}@${version} is not what it was: its checksum is ${answer.Sum}, expected ${sum}. Nothing was built.`,
    );
  }
  return answer.Dir;
}

function cut(target: string, keep: ReadonlySet<string>): void {
  for (const [file, by] of Object.entries(cuts)) {
    const path = join(target, file);
    if (!existsSync(path)) continue;
    writeFileSync(path, by(readFileSync(path, "utf8"), keep));
  }
}

/** Copies without the read-only modes of Go's module cache, which would keep the copy from being changed and removed. */
function copyFolder(from: string, to: string, needed: (file: string) => boolean): void {
  mkdirSync(to, { recursive: true });
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const source = join(from, entry.name);
    const target = join(to, entry.name);
    if (!needed(source)) continue;
    if (entry.isDirectory()) {
      copyFolder(source, target, needed);
    } else {
      copyFileSync(source, target);
      chmodSync(target, 0o644);
    }
  }
}
