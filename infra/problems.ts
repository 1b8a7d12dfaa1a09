import { inspect } from "node:util";
import * as pulumi from "@pulumi/pulumi";
import { SkillError } from "../skill/index.ts";

/** Runs `read` and tells its problems the way the Pulumi CLI prints without a stack trace. */
export async function told<T>(read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw error instanceof SkillError ? plainly(error.message) : error;
  }
}

/** The SDK inspects an error with all that hangs on it, its whole store included, which takes 12 s; the message says everything. */
function plainly(message: string): pulumi.RunError {
  return Object.defineProperty(new pulumi.RunError(message), inspect.custom, { value: () => message });
}
