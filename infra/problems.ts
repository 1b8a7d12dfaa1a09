import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { noteChange, stateFileOf, stateProblem } from "../live/stateFile.ts";
import { SkillError } from "../skill/index.ts";

/** Runs `read` and tells its problems the way the Pulumi CLI prints without a stack trace. */
export async function told<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof SkillError ? plainly(error.message) : error;
  }
}

/** @throws RunError where the state of this environment is not as Pulumi wrote it, before anything is compared with it */
export function checkState(): void {
  const stack = pulumi.getStack();
  const file = stateFileOf(process.cwd(), stack);
  const problem = file && stateProblem(file, stack);
  if (!file || !problem) return;
  noteChange(file);
  throw plainly(problem);
}

/** The SDK inspects an error with all that hangs on it, its whole store included, which takes 12 s; the message says everything. */
export function plainly(message: string): pulumi.RunError {
  return Object.defineProperty(new pulumi.RunError(message), inspect.custom, { value: () => message });
}
