import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isAsWritten, stateFileOf, stateProblem } from "../live/stateFile.ts";
import { Failure } from "./failure.ts";
import { root } from "./paths.ts";
import { isDefaultBackend, stack, stateFolder } from "./pulumi.ts";

/** Makes sure that the environment's state is as Pulumi wrote it. @throws Failure where something else changed it */
export function checkState(): void {
  removeBrokenAttributes();
  const file = stateFileOf(root, stack);
  const problem = file && stateProblem(file, stack);
  if (problem) throw new Failure(problem);
}

/** Removes the attributes of the environment's state that a killed Pulumi had written, and the state itself not yet. */
export function removeEarlyAttributes(): void {
  const file = stateFileOf(root, stack);
  if (file && existsSync(file) && !isAsWritten(file)) rmSync(`${file}.attrs`);
}

/**
 * Removes what a killed Pulumi process left half written of a file's attributes: Pulumi writes a state in one step, but not the
 * ``.attrs` file beside it, and reads neither ("EOF") when that is broken. A file without attributes is as good to it.
 */
function removeBrokenAttributes(): void {
  if (isDefaultBackend())
    for (const file of brokenAttributes(join(stateFolder, ".pulumi"))) rmSync(file, { force: true });
}

/** The `.attrs` files below a folder that cannot be read as JSON. */
export function brokenAttributes(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".attrs"))
    .map((name) => join(folder, name))
    .filter((file) => !isJson(file));
}

function isJson(file: string): boolean {
  try {
    JSON.parse(readFileSync(file, "utf8"));
    return true;
  } catch {
    return false;
  }
}
