import { appendFileSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clone, makeClone, removeClone, variables } from "../clone.ts";
import { must, type Result, run } from "../command.ts";
import type { Step } from "./workflow.ts";

/** A project on a bare git remote, a developer's clone of it, and where its runner works. */
export interface Project {
  /** The developer's. */
  clone: Clone;
  /** Pulumi's variables of the pipeline. */
  env: Record<string, string | undefined>;
  /** Pushes what `change` makes of main as a branch. */
  push(branch: string, change: () => void): Promise<void>;
  merge(branch: string): Promise<void>;
  /** Takes a branch out into an empty folder, as a runner does. */
  checkout(branch: string): Promise<string>;
  remove(): void;
}

export const PASSPHRASE = "passphrase-of-the-pipeline";

/** Makes it, from the files of this project, with a skill of its own; `tools` has the Pulumi home. */
export async function makeProject(
  environment: string,
  firstPort: number,
  skill: string,
  tools: Clone,
): Promise<Project> {
  const clone = await makeClone(environment, firstPort, skill);
  const folder = mkdtempSync(join(tmpdir(), "messaging-pipeline-"));
  const env = {
    ...variables(clone),
    PULUMI_HOME: variables(tools).PULUMI_HOME,
    PULUMI_BACKEND_URL: `file://${folder}`,
    PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
    PULUMI_ACCESS_TOKEN: undefined,
  };
  const git = (...args: string[]) =>
    must(
      "git",
      ["-c", "user.name=tests", "-c", "user.email=tests@example.org", "-c", "commit.gpgsign=false", ...args],
      { cwd: clone.folder },
    );
  const remote = join(folder, "remote.git");
  await must("git", ["init", "--quiet", "--bare", "--initial-branch=main", remote]);
  await git("init", "--quiet", "--initial-branch=main");
  appendFileSync(join(clone.folder, ".git/info/exclude"), "node_modules\n");
  await git("remote", "add", "origin", remote);
  const pulumi = ["pulumi", "stack", "init", environment, "--non-interactive"];
  await must("npx", pulumi, { cwd: clone.folder, env });
  const publish = async (branch: string, message: string) => {
    await git("add", "--all");
    await git("commit", "--quiet", "--message", message);
    await git("push", "--quiet", "origin", branch);
  };
  await publish("main", "The project");
  return {
    clone,
    env,
    async push(branch, change) {
      await git("checkout", "--quiet", "-b", branch, "main");
      change();
      await publish(branch, branch);
      await git("checkout", "--quiet", "main");
    },
    async merge(branch) {
      await git("merge", "--quiet", "--no-ff", "--message", `Merge ${branch}`, branch);
      await git("push", "--quiet", "origin", "main");
    },
    async checkout(branch) {
      const runner = mkdtempSync(join(folder, "runner-"));
      await must("git", ["clone", "--quiet", "--branch", branch, remote, runner]);
      symlinkSync(join(clone.folder, "node_modules"), join(runner, "node_modules"));
      return runner;
    },
    remove() {
      removeClone(clone);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What installs the packages: a runner of the tests has them. */
const INSTALLS = /^npm ci\b/;

/** Runs steps as a runner does, each in a shell, up to the first that fails. */
export async function runSteps(
  folder: string,
  steps: readonly Step[],
  env: Record<string, string | undefined>,
): Promise<Result> {
  let last: Result | undefined;
  for (const step of steps.filter(({ run: line }) => !INSTALLS.test(line))) {
    last = await run("bash", ["-e", "-c", step.run], { cwd: folder, env: { ...env, ...step.env } });
    if (last.code !== 0) break;
  }
  if (last === undefined) throw new Error("the job runs nothing");
  return last;
}
