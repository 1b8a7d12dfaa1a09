import { appendFileSync } from "node:fs";
import { printable } from "../skill/index.ts";
import { forgeOf } from "./forge/index.ts";
import { withoutSecrets } from "./markdown.ts";

/** What a step found: its exit code, and the words for people. */
export interface Told {
  code: number;
  markdown: string;
}

/**
 * Runs one step of the pipeline for the environment of the command line, writes its words to standard output and to GitHub's summary of
 * the job, and lets `publish` put them where people look. Sets the exit code: the step's own, or 2 where GitHub or GitLab does not answer.
 */
export async function runStep(
  name: string,
  step: (environment: string) => Promise<Told>,
  publish: (told: Told, environment: string, forge: ReturnType<typeof forgeOf>) => Promise<string>,
): Promise<void> {
  const [environment = "", ...rest] = process.argv.slice(2);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(environment) || rest.length > 0) {
    fail(
      1,
      `usage: ${name} <env>: must be given the name of a Pulumi stack, got ${JSON.stringify(process.argv.slice(2).join(" "))}`,
    );
    return;
  }
  const started = performance.now();
  const found = await step(environment);
  const told = { ...found, markdown: withoutSecrets(found.markdown, process.env) };
  process.stdout.write(`${told.markdown}\n`);
  const { GITHUB_STEP_SUMMARY } = process.env;
  if (GITHUB_STEP_SUMMARY) appendFileSync(GITHUB_STEP_SUMMARY, `${told.markdown}\n`);
  process.exitCode = told.code;
  try {
    const done = await publish(told, environment, forgeOf(process.env));
    process.stderr.write(`${name}: ${done} (${Math.round((performance.now() - started) / 1000)} s)\n`);
  } catch (error) {
    fail(told.code || 2, `${name}: ${printable(withoutSecrets((error as Error).message, process.env))}`);
  }
}

function fail(code: number, message: string): void {
  process.stderr.write(`${message}\n`);
  process.exitCode = code;
}
