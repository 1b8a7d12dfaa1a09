import * as pulumi from "@pulumi/pulumi";
import { SkillError } from "../skill/index.ts";

/** Runs `read` and tells its problems the way the Pulumi CLI prints without a stack trace. */
export function told<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof SkillError ? new pulumi.RunError(error.message) : error;
  }
}
