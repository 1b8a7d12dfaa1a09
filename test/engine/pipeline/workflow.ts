import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

/** One thing that a job runs in a shell, and its variables. */
export interface Step {
  run: string;
  env: Record<string, string>;
}

interface YamlStep {
  run?: string;
  uses?: string;
  env?: Record<string, string>;
}

/** What `${{ ... }}` is in a test, by the words between. */
export type Expressions = Record<string, string>;

/** The `run:` lines of a job of a workflow, those of local actions among them, with the job's variables. */
export function stepsOf(folder: string, workflow: string, job: string, expressions: Expressions): Step[] {
  const { jobs } = parse(readFileSync(join(folder, ".github/workflows", workflow), "utf8"));
  const { steps, env } = jobs[job] as { steps: YamlStep[]; env: Record<string, string> };
  return steps
    .flatMap((step) => runsOf(folder, step))
    .map((step) => ({
      run: step.run!,
      env: valued({ ...env, ...step.env }, expressions),
    }));
}

function runsOf(folder: string, step: YamlStep): YamlStep[] {
  if (step.run !== undefined) return [step];
  if (!step.uses?.startsWith("./")) return [];
  const { runs } = parse(readFileSync(join(folder, step.uses, "action.yml"), "utf8"));
  return (runs.steps as YamlStep[]).flatMap((inner) => runsOf(folder, inner));
}

function valued(env: Record<string, string>, expressions: Expressions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).map(([name, value]) => [
      name,
      value.replace(/\$\{\{\s*(.*?)\s*\}\}/g, (_, words: string) => {
        if (words in expressions) return expressions[words]!;
        throw new Error(`${name}: nothing says what \${{ ${words} }} is`);
      }),
    ]),
  );
}

/** The scripts of a job of .gitlab-ci.yml, those of what it extends among them. */
export function scriptsOf(folder: string, job: string): string[] {
  const file = parse(readFileSync(join(folder, ".gitlab-ci.yml"), "utf8"));
  const whole = (name: string): Record<string, string[]> => {
    const own = file[name];
    return { ...(own.extends ? whole(own.extends) : {}), ...own };
  };
  const { before_script = file.default.before_script, script = [], after_script = [] } = whole(job);
  return [...before_script, ...script, ...after_script];
}
