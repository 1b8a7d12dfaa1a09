import { printable } from "../skill/index.ts";

/** How long a comment may be, in characters: GitHub's limit, and below GitLab's of a million. */
export const LONGEST = 65_536;

/** Text of others as plain words of Markdown: nothing in it formats, links, mentions or ends a table's cell. */
export const escaped = (text: string): string =>
  text
    .split("\n")
    .map((line) => printable(line).replace(/[&<>@#|\\`*_~[\]()!:]/g, entity))
    .join("<br>");

/** Mentions are looked for after entities have become characters: a comment keeps the name apart. */
const entity = (character: string): string =>
  `&#${character.codePointAt(0)};${character === "@" || character === "#" ? "<!-- -->" : ""}`;

/** Text of others, whole, as a block of code: its fence is longer than any in it. Beyond `longest` characters it is cut, and says so. */
export function block(text: string, longest = 20_000): string {
  const lines = text.split("\n").map(printable);
  const kept: string[] = [];
  let left = longest;
  for (const line of lines) {
    if (line.length > left) break;
    left -= line.length + 1;
    kept.push(line);
  }
  const missing = lines.length - kept.length;
  const fence = "`".repeat(Math.max(3, ...[...text.matchAll(/`+/g)].map(([run]) => run.length + 1)));
  const cut = missing === 0 ? [] : [`... cut: ${missing} more lines, in the log of the job`];
  return [fence, ...kept, ...cut, fence].join("\n");
}

/** A table of cells that are Markdown already. */
export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

/** What only some want to see. */
export const details = (summary: string, text: string): string =>
  `<details><summary>${summary}</summary>\n\n${text}\n\n</details>`;

/** Sections below each other, the first ones first: those that do not fit any more are left out, and that is said. */
export function assembled(sections: readonly string[], longest = LONGEST): string {
  const note = (count: number) =>
    `*Cut: ${count} more sections are in the log of the job, as a comment has its limit.*`;
  const kept: string[] = [];
  let length = note(sections.length).length + 2;
  for (const section of sections) {
    if (length + section.length + 2 > longest) continue;
    length += section.length + 2;
    kept.push(section);
  }
  const left = sections.length - kept.length;
  return [...kept, ...(left > 0 ? [note(left)] : [])].join("\n\n");
}

/** Names of variables that hold secrets. */
const SECRET = /TOKEN|PASSPHRASE|PASSWORD|SECRET|PRIVATE|ACCESS_KEY/i;

/** The text without the values of the pipeline's own secrets, whatever printed them. */
export function withoutSecrets(text: string, env: NodeJS.ProcessEnv): string {
  const values = Object.entries(env)
    .filter(([name, value]) => SECRET.test(name) && !name.endsWith("_FILE") && value !== undefined && value.length >= 8)
    .map(([, value]) => value!);
  return values.reduce((cleaned, value) => cleaned.replaceAll(value, "***"), text);
}
