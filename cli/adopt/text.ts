import { stringify } from "yaml";
import { printable } from "../../skill/index.ts";
import { figure } from "../table.ts";
import type { LeftOut } from "./leftOut.ts";
import type { Plan } from "./plan.ts";

/** The skill as a file, with what it does not say as comments above it. */
export function toYaml({ document, leftOut }: Pick<Plan, "document" | "leftOut">): string {
  const lines = leftOut.map(({ what, reason }) => `# left out: ${printable(what)}: ${printable(reason)}\n`);
  const head =
    "# yaml-language-server: $schema=./skill/skill.schema.json\n# What messaging adopt found on the brokers.\n";
  return `${head}${lines.join("")}${stringify(document, { lineWidth: 0 })}`;
}

const POLICY = "rabbitmq:index/policy:Policy";
/** What the clients of an adopted queue feel of its policy. */
const FELT =
  "with its policy a queue's messages go to its dead letters after the retry's maxAttempts (the skill says what is nearest to today's limit; RabbitMQ's own drops after 20 returns), and publishing is refused where the queue is full";

/** What was found and what is next. */
export function asText(plan: Plan, files: { skill: string; imports: string; environment: string }): string {
  const found = plan.importFile.resources.filter(({ id }) => id !== undefined).map(({ type }) => type);
  const make = Object.entries(plan.creates).flatMap(([type, count]) => Array.from({ length: count }, () => type));
  return [
    `${files.skill}: ${byKind(found) || "nothing"} taken over as they are`,
    ...(make.length > 0 ? [`the next up makes beside them: ${byKind(make)}`] : []),
    ...(plan.creates[POLICY] ? [FELT] : []),
    ...plan.leftOut.map(({ what, reason }: LeftOut) => `left out: ${printable(what)}: ${printable(reason)}`),
    "",
    "Read it, then:",
    `  mv ${files.skill} skill.yaml`,
    `  npx messaging adopt -e ${files.environment} --import   # takes ${files.imports} into the state; no broker is changed`,
    "  npx pulumi preview",
  ].join("\n");
}

/** `30 queues, 12 bindings`. */
function byKind(types: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const type of types) {
    const kind = type
      .split(":")
      .at(-1)!
      .replace(/(?<=[a-z])(?=[A-Z])/g, " ")
      .toLowerCase();
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${figure(count)} ${count === 1 ? kind : plural(kind)}`).join(", ");
}

const plural = (kind: string): string => (/s$/.test(kind) ? kind : `${kind.replace(/y$/, "ie")}s`);
