import { table } from "../table.ts";
import type { Plan } from "./plan.ts";
import type { Step } from "./preview.ts";

/** The plan for people: why, what changes in the file, and what to look at. */
export function planText({ why, others, what, advice, notes }: Plan, diff: string): string {
  const list = (head: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", head, ...lines.map((line) => `  - ${line}`)];
  return [
    why,
    ...others.map((line) => `  ${line}`),
    "",
    `Proposed: ${what}.`,
    "",
    diff,
    ...list("To review:", advice),
    ...list("Asked for, and not done here:", notes),
  ].join("\n");
}

/** The preview for people. */
export function previewText(environment: string, steps: readonly Step[]): string {
  if (steps.length === 0) return `pulumi preview of ${environment}: no changes`;
  const counts = [...new Set(steps.map(({ op }) => op))].map(
    (op) => `${steps.filter((step) => step.op === op).length} to ${op}`,
  );
  const rows = steps.map(({ op, what, name }) => [op, what, name]);
  return `pulumi preview of ${environment}: ${counts.join(", ")}\n\n${table(["STEP", "WHAT", "NAME"], rows)}`;
}
