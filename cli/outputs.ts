import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { AppAccess } from "../client/access.ts";
import type { OperatorAccess } from "../client/operator.ts";
import { shown } from "../skill/index.ts";
import type { Option } from "./arguments.ts";

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

const root = fileURLToPath(new URL("..", import.meta.url));

/** The environment that the options mean. */
export function environmentName(options: Record<string, string>): string {
  const name = options.environment ?? (process.env.MESSAGING_ENVIRONMENT || "local");
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return name;
  throw new EnvironmentError(`--environment: must be the name of a Pulumi stack, got ${shown(name)}`);
}

/** The outputs of the environment that the options mean. Throws an EnvironmentError. */
export async function readOutputs(options: Record<string, string>): Promise<Outputs> {
  const { outputs } = options;
  const name = environmentName(options);
  const from = outputs === undefined ? `environment ${name}` : outputs;
  const text = outputs === undefined ? await askPulumi(name) : readFile(outputs);
  return parseOutputs(text, from);
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

async function askPulumi(stack: string): Promise<string> {
  const args = ["stack", "output", "--json", "--show-secrets", "--stack", stack, "--non-interactive"];
  const { code, stdout, stderr } = await run(join(root, "node_modules/.bin/pulumi"), args);
  if (code === 0) return stdout;
  const [said = "Pulumi did not say why"] = stderr
    .split("\n")
    .filter((line) => line.startsWith("error: ") || line.includes("passphrase"));
  throw new EnvironmentError(
    `environment ${stack}: must exist and be readable (npm start makes local), got: ${said.replace(/^error: /, "")}`,
  );
}

function run(command: string, args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, env: pulumiEnvironment(), stdio: ["ignore", "pipe", "pipe"] });
    let [stdout, stderr] = ["", ""];
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
    child.on("error", (error) => resolve({ code: 1, stdout, stderr: `error: ${error.message}` }));
    child.on("close", (code) => resolve({ code: code ?? 1, stdout, stderr }));
  });
}

/** With the passphrase that `npm start` made, where the user has said nothing of one. */
function pulumiEnvironment(): NodeJS.ProcessEnv {
  const { PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE } = process.env;
  const file = join(root, ".state/passphrase");
  const said = PULUMI_CONFIG_PASSPHRASE !== undefined || PULUMI_CONFIG_PASSPHRASE_FILE;
  return {
    ...process.env,
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...(!said && existsSync(file) && { PULUMI_CONFIG_PASSPHRASE_FILE: file }),
  };
}
