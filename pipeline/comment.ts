import type { Change, Op } from "./changes.ts";
import { assembled, block, details, escaped, table } from "./markdown.ts";
import type { Plan } from "./plan.ts";

/** The hidden words by which a step finds what it wrote before. */
export const marker = (step: string, environment: string): string => `<!-- messaging ${step}: ${environment} -->`;

const DONE: Record<Op, string> = {
  create: "created",
  update: "updated",
  replace: "**replaced**",
  delete: "**deleted**",
};

/** Whether a preview must not be merged. */
export const isRefused = (code: number, { refusals, violations, errors }: Plan): boolean =>
  code !== 0 || refusals.length > 0 || errors.length > 0 || violations.some(({ level }) => level === "mandatory");

/** The comment on a pull request for an environment whose skill is good. */
export function commentOn(environment: string, code: number, plan: Plan): string {
  const { changes, refusals, violations, errors, allowed } = plan;
  return assembled([
    marker("preview", environment),
    `### ${escaped(environment)}: ${verdict(code, plan)}`,
    ...section(
      "The gate refuses it, so that no message is lost. Nothing was changed.",
      refusals.map((text) => block(text)),
    ),
    ...section("It breaks rules of the policy pack.", violationTable(plan)),
    ...section(
      "It does not work.",
      errors.map((text) => block(text)),
    ),
    ...section(
      "Messages are let go on purpose, by `messaging:allowDataLoss`:",
      allowed.map((name) => `- ${escaped(name)}`),
    ),
    ...(changes.length > 0 ? [changeTable(changes), details("every resource", resourceTable(changes))] : []),
    ...(refusals.length + violations.length + errors.length > 0 && changes.length > 0
      ? ["The preview ended early where it failed: there may be more to change than the table has."]
      : []),
  ]);
}

/** The comment for a skill that is not valid: each problem with its place and rule. */
export const commentOnSkill = (environment: string, problems: string): string =>
  assembled([
    marker("preview", environment),
    `### ${escaped(environment)}: refused, the skill is not valid`,
    block(problems.trim()),
    "`npx messaging validate` says the same on your machine.",
  ]);

function verdict(code: number, plan: Plan): string {
  const counts = (["create", "update", "replace", "delete"] as const)
    .map((op) => [plan.changes.filter((change) => change.op === op).length, op] as const)
    .filter(([count]) => count > 0)
    .map(([count, op]) => `${count} ${DONE[op].replaceAll("*", "")}`);
  const said = counts.length > 0 ? counts.join(", ") : "nothing to change";
  if (!isRefused(code, plan)) return said;
  return counts.length > 0 ? `refused (${said})` : "refused";
}

const section = (title: string, parts: readonly string[]): string[] => (parts.length > 0 ? [title, ...parts] : []);

function violationTable({ violations }: Plan): string[] {
  if (violations.length === 0) return [];
  const rows = violations.map(({ rule, level, name, message }) => [
    escaped(rule),
    escaped(level),
    escaped(name),
    escaped(message),
  ]);
  return [table(["rule", "level", "name", "what it asks for"], rows)];
}

const changeTable = (changes: readonly Change[]): string =>
  table(
    ["broker", "kind", "name", "what becomes of it"],
    changes.map(({ broker, kind, name, op, parts }) =>
      [broker, kind, `**${escaped(name)}**`, summary(op, parts)].map(String),
    ),
  );

function summary(op: Op, parts: Change["parts"]): string {
  if (op !== "update") return DONE[op];
  const kinds = [...new Set(parts.map((part) => (part.op === "update" ? part.kind : `${part.kind} ${DONE[part.op]}`)))];
  return `${DONE[op]}: ${kinds.join(", ")}`;
}

const resourceTable = (changes: readonly Change[]): string =>
  table(
    ["resource", "name", "step", "properties"],
    changes.flatMap(({ broker, parts }) =>
      parts.map(({ op, kind, name, properties }) => [
        `${broker} ${kind}`,
        escaped(name),
        DONE[op],
        escaped(properties.join(", ")),
      ]),
    ),
  );
