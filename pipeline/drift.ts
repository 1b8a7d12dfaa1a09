import { runTool } from "./command.ts";
import { marker } from "./comment.ts";
import { driftReport, type Report } from "./driftReport.ts";
import { find, upsert } from "./forge/index.ts";
import { assembled, block, escaped } from "./markdown.ts";
import { runStep } from "./step.ts";

/** What `messaging drift` ends with where something drifted. */
const DRIFT = 7;

const notes = (stderr: string): string[] => (stderr.trim() === "" ? [] : [block(stderr.trim())]);

await runStep(
  "pipeline/drift",
  async (environment) => {
    const { code, stdout, stderr } = await runTool("messaging", ["drift", "--environment", environment, "--json"]);
    const head = marker("drift", environment);
    if (code === 0 || code === DRIFT) {
      const report: Report = JSON.parse(stdout);
      return { code, markdown: assembled([head, ...driftReport(environment, report), ...notes(stderr)]) };
    }
    const title = `### ${escaped(environment)}: ${code === 2 ? "a broker does not answer" : "drift could not be looked for"}`;
    return { code, markdown: assembled([head, title, block(stderr.trim())]) };
  },
  async ({ code, markdown }, environment, forge) => {
    if (forge === undefined) return "no place for an issue";
    const { issues } = forge;
    const head = marker("drift", environment);
    if (code !== 0 && code !== DRIFT) return "no issue, as nobody could look";
    if (code === DRIFT)
      return `issue ${await upsert(issues, head, { title: `Drift in ${environment}`, body: markdown })}`;
    const open = await find(issues, head);
    if (open === undefined) return "no drift, no issue";
    await issues.update(open.id, { title: `Drift in ${environment}`, body: markdown });
    await issues.close?.(open.id);
    return "no drift any more, issue closed";
  },
);
