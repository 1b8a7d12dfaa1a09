import { runTool } from "./command.ts";
import { commentOn, commentOnSkill, isRefused, marker } from "./comment.ts";
import { upsert } from "./forge/index.ts";
import { planOf } from "./plan.ts";
import { runStep } from "./step.ts";

await runStep(
  "pipeline/preview",
  async (environment) => {
    const valid = await runTool("messaging", ["validate", "--environment", environment]);
    if (valid.code !== 0) return { code: 1, markdown: commentOnSkill(environment, valid.stderr) };
    process.stderr.write(`pipeline/preview: ${valid.stdout.trim()}; previewing ${environment} ...\n`);
    // Of a preview, one JSON document has no rules that were broken: the events have.
    const ran = await runTool(
      "pulumi",
      ["preview", "--stack", environment, "--policy-pack", "policies", "--json", "--color", "never"],
      { PULUMI_ENABLE_STREAMING_JSON_PREVIEW: "true" },
    );
    const plan = planOf(ran);
    return { code: isRefused(ran.code, plan) ? 1 : 0, markdown: commentOn(environment, ran.code, plan) };
  },
  async ({ markdown }, environment, forge) => {
    if (forge?.comments === undefined) return "no pull request to comment on";
    return `comment ${await upsert(forge.comments, marker("preview", environment), { body: markdown })}`;
  },
);
