import { readFileSync, statSync } from "node:fs";
import { printable, SkillError } from "./problem.ts";
import { readYaml } from "./text.ts";

// As text.ts; a larger file is not read at all.
const mostBytes = 1024 * 1024;

const readable = "be a readable UTF-8 text file";

/** What a YAML file says, not yet parsed as a skill. Throws a SkillError whose problems name the file. */
export function loadSkillFile(file: string): unknown {
  const text = readText(file);
  try {
    return readYaml(text);
  } catch (error) {
    if (!(error instanceof SkillError)) throw error;
    throw new SkillError(error.problems.map((problem) => ({ ...problem, path: printable(file) })));
  }
}

function readText(file: string): string {
  try {
    const status = statSync(file);
    if (status.size > mostBytes) throw refused(file, "be at most 1 MiB", `${status.size} bytes`);
    // A device may never end.
    if (status.isCharacterDevice() || status.isBlockDevice()) throw refused(file, readable, "a device");
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(file));
  } catch (error) {
    if (error instanceof SkillError) throw error;
    throw refused(file, readable, reasonOf(error));
  }
}

const reasons: Record<string, string> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EISDIR: "a directory",
  EACCES: "a file that this user may not read",
  EPERM: "a file that this user may not read",
  ELOOP: "a link to itself",
  ERR_ENCODING_INVALID_ENCODED_DATA: "bytes that are not UTF-8",
};

function reasonOf(error: unknown): string {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return reasons[code] ?? (code || "an unreadable file");
}

const refused = (file: string, rule: string, got: string): SkillError =>
  new SkillError([{ path: printable(file), rule, got }]);
