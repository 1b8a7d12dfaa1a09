import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { AppAccess } from "../client/access.ts";
import type { OperatorAccess } from "../client/operator.ts";
import { stateFileOf, stateProblem } from "../live/stateFile.ts";
import { shown } from "../skill/index.ts";
import type { Option } from "./arguments.ts";
import { projectFolder, pulumiSaid, runPulumi } from "./pulumi.ts";

/** What an environment says of itself, secrets revealed. */
export interface Outputs {
  apps: Record<string, AppAccess>;
  operator: OperatorAccess;
}

/** An environment that cannot be asked; one sentence, for exit code 1. */
export class EnvironmentError extends Error {}

/** The options of every command that works on a live environment. */
export const environmentOptions: Record<string, Option> = {
  environment: {
    value: "<env>",
    short: "e",
    summary: "The environment, a Pulumi stack. Default: MESSAGING_ENVIRONMENT, or local.",
  },
  outputs: {
    value: "<file>",
    summary: "What `pulumi stack output --json --show-secrets` printed, in place of asking Pulumi.",
  },
};

/** The environment that the options mean. */
export function environmentName(options: Record<string, string>): string {
  const name = options.environment ?? (process.env.MESSAGING_ENVIRONMENT || "local");
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return name;
  throw new EnvironmentError(`--environment: must be the name of a Pulumi stack, got ${shown(name)}`);
}

/** Which environment a command worked on, for its audit and its reports. */
export interface Worked {
  /** Its name. Absent where a file of outputs was given that does not tell it, and nobody else did. */
  environment?: string;
  /** The file of outputs, as a whole path. */
  outputs?: string;
}

/**
 * The environment that a command worked on: what its outputs say they are of, not a default beside them. Outputs from a version that did not
 * tell it say nothing; then it is what `--environment` says. Throws an EnvironmentError where both are said and differ.
 */
export function workedOn(options: Record<string, string>, { operator }: Pick<Outputs, "operator">): Worked {
  const { outputs, environment } = options;
  if (outputs === undefined) return { environment: environmentName(options) };
  const told = operator.environment;
  if (environment !== undefined && environment !== (told ?? environment)) {
    throw new EnvironmentError(
      `--environment: must be the environment that --outputs is of (${told}), got ${shown(environment)}`,
    );
  }
  const name = told ?? (environment && environmentName(options));
  return { ...(name !== undefined && { environment: name }), outputs: resolve(outputs) };
}

/** The outputs of the environment that the options mean. Throws an EnvironmentError. */
export async function readOutputs(options: Record<string, string>): Promise<Outputs> {
  const { outputs } = options;
  if (outputs !== undefined) return parseOutputs(readFile(outputs), outputs);
  const name = environmentName(options);
  return parseOutputs(await askPulumi(name), `environment ${name}`);
}

/** Reads what Pulumi printed. Throws an EnvironmentError. */
export function parseOutputs(text: string, from: string): Outputs {
  let parsed: Partial<Outputs>;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new EnvironmentError(
      `${from}: must be the JSON of \`pulumi stack output --json --show-secrets\`, got something else`,
    );
  }
  const { apps, operator } = parsed ?? {};
  if (typeof apps !== "object" || apps === null || typeof operator !== "object" || operator === null) {
    throw new EnvironmentError(
      `${from}: must have been brought up by this version (npm start, or npx pulumi up), got no outputs of it`,
    );
  }
  return { apps, operator };
}

function readFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    throw new EnvironmentError(`--outputs: must name a file that can be read, got ${shown(file)}`);
  }
}

/** Throws an EnvironmentError where the state of an environment is not as Pulumi wrote it. */
export function checkState(stack: string): void {
  const file = stateFileOf(projectFolder, stack);
  const problem = file && stateProblem(file, stack);
  if (problem) throw new EnvironmentError(problem);
}

async function askPulumi(stack: string): Promise<string> {
  checkState(stack);
  const { code, stdout, stderr } = await runPulumi(["stack", "output", "--json", "--show-secrets", "--stack", stack]);
  if (code === 0) return stdout;
  throw new EnvironmentError(
    `environment ${stack}: must exist and be readable (npm start makes local), got: ${pulumiSaid(stderr)}`,
  );
}
