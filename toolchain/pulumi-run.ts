import { explain } from "./broker-failure.ts";
import { releaseLocks } from "./locks.ts";
import type { Report } from "./progress.ts";
import { isDefaultBackend, pulumiLines, pulumiSays } from "./pulumi.ts";

/**
 * Runs an operation of Pulumi as a step: each finished change is a line, and what goes on is the step's detail. Where another
 * Pulumi process was faster, its end is waited for.
 *
 * @throws Failure with Pulumi's diagnostics, and exit code 2 where a broker does not answer
 */
export async function runPulumi(
  title: string,
  args: string[],
  report: Report,
  env: Record<string, string> = {},
): Promise<void> {
  while (!(await ranUnlocked(title, args, report, env))) await releaseLocks(report);
}

/** False: nothing was done, because another process holds the environment. */
function ranUnlocked(title: string, args: string[], report: Report, env: Record<string, string>): Promise<boolean> {
  return report.step(title, async (tell) => {
    const said: string[] = [];
    const underWay = new Map<string, string>();
    let changes = 0;
    const onLine = (line: string) => {
      said.push(line);
      const { what = "", done, doing } = readPulumiLine(line);
      if (doing) underWay.set(what, doing);
      if (done) {
        underWay.delete(what);
        changes++;
        report.say(`  ${done}`);
      }
      tell([...underWay.values()].join(", "));
    };
    const code = await pulumiLines(onLine, [...args, "--color", "never", "--suppress-outputs"], env);
    if (code === 0 && changes === 0 && !args.includes("--preview-only")) report.say("  nothing to change");
    if (code === 0) return true;
    if (canWaitForLock(said)) return false;
    throw await explain(diagnosticsOf(said));
  });
}

/** Whether Pulumi found the environment locked, by a lock that we can watch: those of another backend are not in our folder. */
export function canWaitForLock(said: string[], env: NodeJS.ProcessEnv = process.env): boolean {
  return isDefaultBackend(env) && said.some((line) => line.includes("the stack is currently locked by"));
}

const CHANGE = /^ *([-+~]{1,2}|<|>|=)? {1,2}(\S+:\S+:\S+) (\S+) (\w+)(?: \(([\d.]+)s\))?/;

/** What one line of Pulumi's plain output says: a change that is done, or one that is being made. */
export function readPulumiLine(line: string): { what?: string; done?: string; doing?: string } {
  const match = CHANGE.exec(line);
  if (!match) return {};
  const [, , type = "", name = "", action = ""] = match;
  if (type.startsWith("pulumi:")) return {};
  const what = `${type.replace(/^.*:(?=[^:]+$)/, "")} ${name}`;
  if (action.endsWith("ing")) return { what, doing: `${action} ${what}` };
  if (/^(created|updated|deleted|replaced|imported|failed)$/.test(action)) return { what, done: `${action} ${what}` };
  return {};
}

/** What Pulumi printed under its last "Diagnostics:", which says why it failed; all that it printed where there is no such part. */
export function diagnosticsOf(lines: string[]): string {
  const from = lines.findLastIndex((line) => line.startsWith("Diagnostics:"));
  if (from < 0) return pulumiSays(lines.join("\n"));
  const to = lines.findIndex((line, index) => index > from && /^(Resources|Duration|Outputs):/.test(line));
  const part = lines.slice(from + 1, to < 0 ? undefined : to);
  return pulumiSays(part.filter((line) => !/^ {4}(at |node:)/.test(line)).join("\n"));
}
