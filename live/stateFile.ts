import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "yaml";

/** Where a backend of files keeps everything: the one of PULUMI_BACKEND_URL, or of Pulumi.yaml. Undefined: the backend is none of files. */
export function backendFolder(root: string, url = process.env.PULUMI_BACKEND_URL): string | undefined {
  const said = url || projectFile(root).backend?.url;
  const folder = /^file:\/\/([^?]*)/.exec(said ?? "")?.[1];
  return folder === undefined ? undefined : join(resolve(root, folder.replace(/^~(?=\/|$)/, homedir())), ".pulumi");
}

/** The project's name, under which a backend keeps its stacks: the one of Pulumi.yaml. */
export const projectOf = (root: string): string => projectFile(root).name;

const projectFile = (root: string): { name: string; backend?: { url?: string } } =>
  parse(readFileSync(join(root, "Pulumi.yaml"), "utf8"));

/** Where a backend of files (its folder `.pulumi`) keeps a stack's state. */
export const stateFileIn = (folder: string, project: string, stack: string): string =>
  join(folder, "stacks", project, `${stack}.json`);

/** An environment's state in a backend of files; undefined where the backend is none. */
export function stateFileOf(root: string, stack: string, url?: string): string | undefined {
  const folder = backendFolder(root, url);
  return folder && stateFileIn(folder, projectOf(root), stack);
}

/**
 * What is wrong with a state's file, in words that say what to do; undefined where it is as Pulumi wrote it, or not there. Pulumi
 * itself takes a file of another stack, or one in which a bit has flipped, and would change the brokers after it.
 */
export function stateProblem(file: string, stack: string): string | undefined {
  if (!existsSync(file)) return undefined;
  const got = noStateOf(readFileSync(file), file, stack) ?? (isAsWrittenSoon(file) ? undefined : CHANGED);
  if (got === undefined) rmSync(noteOf(file), { force: true });
  return got === undefined ? undefined : sentence(file, stack, got);
}

/** Whether a file has the checksum of what Pulumi wrote; one of which nobody noted it has. */
export function isAsWritten(file: string): boolean {
  const noted = notedChecksum(file);
  return noted === undefined || noted === md5Of(readFileSync(file));
}

/** Another update may be writing: first the checksum, a moment later the file. */
function isAsWrittenSoon(file: string): boolean {
  for (let tries = 1; !isAsWritten(file); tries++) {
    if (tries === TRIES) return false;
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
  }
  return true;
}

const TRIES = 4;
const PAUSE_MS = 50;

/** Notes beside a state's file which checksum it should have: an `up` that is refused writes what it read, with a checksum that is right. */
export function noteChange(file: string): void {
  const noted = notedChecksum(file);
  if (noted) writeFileSync(noteOf(file), JSON.stringify({ md5: noted }));
}

const CHANGED = "one that something else changed (its checksum differs)";

const noteOf = (file: string) => `${file}.changed`;
const attributesOf = (file: string) => `${file}.attrs`;
const md5Of = (bytes: Buffer) => createHash("md5").update(bytes).digest("base64");

function notedChecksum(file: string): string | undefined {
  return [noteOf(file), attributesOf(file)].map(checksumIn).find((md5) => md5 !== undefined);
}

/** Of attributes that cannot be read: one that nothing has. */
function checksumIn(attributes: string): string | undefined {
  if (!existsSync(attributes)) return undefined;
  try {
    const { md5 } = JSON.parse(readFileSync(attributes, "utf8"));
    return typeof md5 === "string" ? md5 : undefined;
  } catch {
    return "";
  }
}

/** What bytes are in place of the state of this stack, whose file it is; undefined: they are that state. */
function noStateOf(bytes: Buffer, file: string, stack: string): string | undefined {
  try {
    const { checkpoint } = JSON.parse(bytes.toString("utf8"));
    const resources: { urn: string }[] = checkpoint.latest?.resources ?? [];
    const project = projectOfFile(file);
    for (const { urn } of resources) {
      const [, , owner, , of] = urn.split(":");
      if (owner !== stack) return `that of ${owner}`;
      if (project !== undefined && of !== project) return `that of ${owner} of the project ${of}`;
    }
    const name = resources.length === 0 ? nameIn(checkpoint) : undefined;
    const isOwn = name === undefined || name === stack || isFormerName(name, file, stack);
    return isOwn ? undefined : `that of ${name}`;
  } catch (error) {
    return error instanceof SyntaxError ? `a broken file (${error.message})` : "no state of a stack";
  }
}

/** The project under which a backend keeps a file. */
const projectOfFile = (file: string): string | undefined => /\/stacks\/([^/]+)\/[^/]+$/.exec(file)?.[1];

/** The stack that a checkpoint was written for. */
const nameIn = ({ stack }: { stack?: string }): string | undefined => stack?.split("/").at(-1);

function sentence(file: string, stack: string, got: string): string {
  const good = goodCopyOf(file, stack);
  const stale = `${attributesOf(file)} ${noteOf(file)}`;
  const back = good ? `To go back: cp ${good} ${file} && rm -f ${stale}` : "Put a copy of it in its place";
  return [
    `${file}: must be the state of ${stack} as Pulumi wrote it, got ${got}. No broker was touched.`,
    `  ${back}, then npx messaging recover -e ${stack}.`,
    ...(got === CHANGED ? [`  If you changed it on purpose: rm -f ${stale}`] : []),
  ].join("\n");
}

/** What Pulumi wrote, from its history of updates; else the state before its last change. */
function goodCopyOf(file: string, stack: string): string | undefined {
  const noted = notedChecksum(file);
  const same = historyOf(file, stack).find((copy) => checksumIn(attributesOf(copy)) === noted && noted);
  return same ?? [`${file}.bak`].find((copy) => existsSync(copy) && !noStateOf(readFileSync(copy), file, stack));
}

/** The states that updates left, oldest first. */
function historyOf(file: string, stack: string): string[] {
  const history = resolve(file, "../../../history", projectOfFile(file) ?? "", stack);
  const names = existsSync(history) ? readdirSync(history).filter((name) => name.endsWith(".checkpoint.json")) : [];
  return names.sort().map((name) => join(history, name));
}

/**
 * Whether a stack without resources may have this name: one that was renamed has its former name until its next update, and its history
 * comes along. One that was never updated has no history, and nothing to lose.
 */
function isFormerName(name: string, file: string, stack: string): boolean {
  const last = historyOf(file, stack).at(-1);
  return last === undefined || nameIn(JSON.parse(readFileSync(last, "utf8")).checkpoint) === name;
}
