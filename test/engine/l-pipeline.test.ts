import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { edit, inside } from "./clone.ts";
import { must, run } from "./command.ts";
import { changeSkill } from "./gate.ts";
import { type Forges, startForges, TOKEN } from "./pipeline/forges.ts";
import { makeProject, PASSPHRASE, type Project, runSteps } from "./pipeline/project.ts";
import { publish } from "./pipeline/publish.ts";
import { scriptsOf, stepsOf } from "./pipeline/workflow.ts";

const ENVIRONMENT = "pipeline";
const COMMENTS = "/repos/team/messaging/issues/7/comments";
const NOTES = "/projects/12/merge_requests/7/notes";
const ISSUES = "/repos/team/messaging/issues";

let project: Project;
let forges: Forges;

/** What `${{ }}` of the workflows is here. */
const expressions = () => ({
  "matrix.environment": ENVIRONMENT,
  "inputs.environment": ENVIRONMENT,
  "vars.PULUMI_BACKEND_URL": project.env.PULUMI_BACKEND_URL!,
  "secrets.PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
  "secrets.PULUMI_ACCESS_TOKEN": "",
  "github.token": TOKEN,
});

/** Runs a job of a workflow on a branch, as GitHub does. */
async function job(branch: string, workflow: string, name: string) {
  const folder = await project.checkout(branch);
  const event = join(folder, "../event.json");
  const summary = join(folder, "../summary.md");
  writeFileSync(event, JSON.stringify(workflow === "preview.yml" ? { pull_request: { number: 7 } } : {}));
  writeFileSync(summary, "");
  const done = await runSteps(folder, stepsOf(folder, workflow, name, expressions()), {
    ...project.env,
    GITHUB_API_URL: forges.url,
    GITHUB_REPOSITORY: "team/messaging",
    GITHUB_EVENT_PATH: event,
    GITHUB_STEP_SUMMARY: summary,
  });
  console.log(`${workflow} ${name} on ${branch}: ${done.code} after ${(done.milliseconds / 1000).toFixed(1)} s`);
  return { ...done, summary: readFileSync(summary, "utf8") };
}

const preview = (branch: string) => job(branch, "preview.yml", "preview");
const deploy = () => job("main", "up.yml", "up");
const drift = () => job("main", "drift.yml", "drift");
const comment = () => forges.items(COMMENTS)[0]!.body!;
const rabbitmq = (...args: string[]) => inside(project.clone, "rabbitmq", ["rabbitmqctl", "-q", ...args]);
const queues = async () =>
  (await rabbitmq("list_queues", "-p", ENVIRONMENT, "name", "messages", "--no-table-headers")).stdout
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("messaging."))
    .sort();

/** Each file of the backend and when it was written. */
const stateFiles = () => {
  const folder = join(project.env.PULUMI_BACKEND_URL!.replace("file://", ""), ".pulumi");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((file) => `${file} ${statSync(join(folder, file)).mtimeMs}`);
};

beforeAll(async () => {
  forges = await startForges();
  project = await makeProject(ENVIRONMENT, 30070, "test/engine/skills/pipeline.yaml", inject("clone"));
});

afterAll(async () => {
  await forges?.close();
  if (project === undefined) return;
  const down = await run("npm", ["run", "down", "--", "--discard-messages"], {
    cwd: project.clone.folder,
    env: project.env,
  });
  expect(down.code, down.output).toBe(0);
  for (const kind of [
    ["ps", "-a"],
    ["volume", "ls"],
  ])
    expect(await must("docker", [...kind, "--filter", `name=messaging-${ENVIRONMENT}-`, "-q"])).toBe("");
  project.remove();
});

describe("the pipeline", () => {
  it("brings an environment up after a merge, and changes nothing when it runs again", async () => {
    const first = await deploy();
    expect(first.code, first.output).toBe(0);
    expect(await queues()).toEqual(["invoices\t0", "invoices.dlq\t0"]);
    const second = await deploy();
    expect(second.code, second.output).toBe(0);
    expect(second.output).toMatch(/Resources:\n {4}\d+ unchanged\n/);
  });

  it("shows a pull request that adds a queue, and deploys it once it is merged", async () => {
    await project.push("returns", () =>
      changeSkill(project.clone, (skill) => {
        skill.rabbitmq.queues.returns = { producers: ["shop"], consumers: { billing: {} } };
      }),
    );
    expect((await job("returns", "preview.yml", "validate")).code).toBe(0);
    const before = stateFiles();
    const { code, output, summary } = await preview("returns");
    expect(code, output).toBe(0);
    expect(stateFiles()).toEqual(before);
    expect(summary).toBe(`${comment()}\n`);
    expect(comment().split("<details>")[0]).toMatchInlineSnapshot(`
      "<!-- messaging preview: pipeline -->

      ### pipeline: 1 created, 2 updated

      | broker | kind | name | what becomes of it |
      | --- | --- | --- | --- |
      | rabbitmq | app | **billing** | updated: topic permissions, permissions |
      | rabbitmq | app | **shop** | updated: topic permissions |
      | rabbitmq | queue | **returns** | created |

      "
    `);
    expect(await queues()).toEqual(["invoices\t0", "invoices.dlq\t0"]);
    await project.merge("returns");
    const up = await deploy();
    expect(up.code, up.output).toBe(0);
    expect(await queues()).toEqual(["invoices\t0", "invoices.dlq\t0", "returns\t0", "returns.dlq\t0"]);
  });

  it("refuses a pull request that would lose messages, in the comment that it wrote before, and changes nothing", async () => {
    await publish(project, "invoices");
    await project.push("loses", () =>
      changeSkill(project.clone, (skill) => {
        delete skill.rabbitmq.queues.invoices;
      }),
    );
    const { code, output } = await preview("loses");
    expect(code, output).toBe(1);
    expect(forges.items(COMMENTS)).toHaveLength(1);
    expect(comment()).toMatch(/^<!-- messaging preview: pipeline -->\n\n### pipeline: refused/);
    expect(comment()).toContain(
      [
        "rabbitmq/invoices holds 1 message (1 ready): deleting it would lose it.",
        "  Keep it in the skill until it is empty.",
        "  Or lose it on purpose, once: add to Pulumi.pipeline.yaml below config:",
        "    messaging:allowDataLoss: [rabbitmq/invoices]",
      ].join("\n"),
    );
    expect(await queues()).toContain("invoices\t1");
  });

  it("refuses a pull request with a bad skill, with path and rule, without asking a broker", async () => {
    await project.push("bad", () =>
      changeSkill(project.clone, (skill) => {
        skill.rabbitmq.queues.invoices.consumers.billing.prefetch = 0;
      }),
    );
    const said = "rabbitmq.queues.invoices.consumers.billing.prefetch: must be a whole number from 1 to 65535, got 0";
    const validate = await job("bad", "preview.yml", "validate");
    expect([validate.code, validate.output]).toEqual([1, `${said}\n`]);
    const { code, output } = await preview("bad");
    expect(code, output).toBe(1);
    expect(comment()).toContain(said);
  });

  it("writes one note on GitLab too", async () => {
    const folder = await project.checkout("bad");
    const lines = scriptsOf(folder, "preview").filter((line) => !line.startsWith("rm "));
    const env = {
      ...project.env,
      MESSAGING_ENVIRONMENT: ENVIRONMENT,
      CI_API_V4_URL: forges.url,
      CI_PROJECT_ID: "12",
      CI_MERGE_REQUEST_IID: "7",
      GITLAB_TOKEN: TOKEN,
      AWS_ID_TOKEN: "signed",
      AWS_WEB_IDENTITY_TOKEN_FILE: join(folder, "../aws-token"),
    };
    for (const time of [1, 2]) {
      const steps = lines.map((line) => ({ run: line, env: {} }));
      const { code, output } = await runSteps(folder, steps, env);
      expect(code, `${time}: ${output}`).toBe(1);
    }
    expect(readFileSync(env.AWS_WEB_IDENTITY_TOKEN_FILE, "utf8")).toBe("signed");
    expect(forges.items(NOTES).map(({ body }) => body)).toEqual([comment()]);
    expect(forges.asked.filter((line) => /^P\w+ .*notes/.test(line))).toEqual([`POST ${NOTES}`, `PUT ${NOTES}/1`]);
  });

  it("refuses a pull request that breaks a policy", async () => {
    const line = '    "dead-letter-exchange": DEAD_LETTER_EXCHANGE,\n';
    await project.push("policy", () => edit(project.clone, "components/rabbitmq/policy.ts", line, ""));
    const { code, output } = await preview("policy");
    expect(code, output).toBe(1);
    expect(comment()).toContain("| rabbitmq-dead-letters | mandatory | invoices |");
    expect(await queues()).toContain("invoices\t1");
  });

  it("opens an issue about drift, and closes it when that is mended", async () => {
    const clean = await drift();
    expect(clean.code, clean.output).toBe(0);
    expect(forges.items(ISSUES)).toEqual([]);
    const policy = [
      "set_policy",
      "-p",
      ENVIRONMENT,
      "invoices",
      "^invoices$",
      '{"max-length":5}',
      "--priority",
      "1000",
      "--apply-to",
      "queues",
    ];
    expect((await rabbitmq(...policy)).code).toBe(0);
    const found = await drift();
    expect(found.code, found.output).toBe(7);
    expect(forges.items(ISSUES).map(({ title, state }) => [title, state])).toEqual([["Drift in pipeline", "open"]]);
    expect(found.summary).toMatch(/\| changed \| rabbitmq \| policy \| \*\*.*invoices\*\* \| .*max-length/);
    const up = [
      "pulumi",
      "up",
      "--refresh",
      "--yes",
      "--stack",
      ENVIRONMENT,
      "--non-interactive",
      "--suppress-outputs",
    ];
    const mended = await run("npx", up, { cwd: await project.checkout("main"), env: project.env });
    expect(mended.code, mended.output).toBe(0);
    const after = await drift();
    expect(after.code, after.output).toBe(0);
    expect(forges.items(ISSUES).map(({ state }) => state)).toEqual(["closed"]);
  });

  it("prints no secret of the pipeline", () => {
    const written = [COMMENTS, NOTES, ISSUES].flatMap((path) => forges.items(path)).map((item) => JSON.stringify(item));
    expect(written.filter((text) => text.includes(TOKEN) || text.includes(PASSPHRASE))).toEqual([]);
  });
});
