import type { z } from "zod";
import type { KnownKeys } from "./fields.ts";
import { type Finding, type Path, shown } from "./problem.ts";
import { type SkillDocument, skillSchema } from "./schema.ts";
import { nearest } from "./suggestion.ts";

type Issue = z.core.$ZodIssue;

/** What the schema alone says of a skill, and the document that is left when what is wrong is left out. */
export function checkShape(input: unknown): { findings: Finding[]; document?: SkillDocument } {
  const result = skillSchema.safeParse(input);
  if (result.success) return { findings: [], document: result.data };
  const findings = result.error.issues.flatMap((issue) => toFindings(issue, input));
  const document = withoutFaults(input, result.error.issues);
  return document === undefined ? { findings } : { findings, document };
}

/** The findings of one issue of any schema that is built from fields.ts. */
export function toFindings(issue: Issue, input: unknown): Finding[] {
  const path = issue.path as Path;
  if (issue.code === "unrecognized_keys") {
    const keys = JSON.parse(issue.message) as KnownKeys;
    return issue.keys.map((key) => unknownKey([...path, key], key, keys, valueAt(input, [...path, key])));
  }
  const value = valueAt(input, path);
  const meant = issue.code === "invalid_value" ? nearest(value, issue.values.map(String)) : "";
  return [{ path, rule: issue.message, got: shown(value) + meant }];
}

function unknownKey(path: Path, key: string, { known, refused }: KnownKeys, value: unknown): Finding {
  const reason = Object.hasOwn(refused, key) ? refused[key] : undefined;
  if (reason !== undefined) return { path, rule: reason, got: shown(value) };
  const meant = nearest(key, known);
  const rule = meant === "" ? `be a known key (${known.join(", ")})` : "be a known key";
  return { path, rule, got: shown(key) + meant };
}

/** The value at a path, or undefined where there is none. */
export function valueAt(input: unknown, path: Path): unknown {
  let value = input;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** The document of what is left when each faulty value is removed, and what cannot be without it; as often as needed. */
function withoutFaults(input: unknown, first: readonly Issue[]): SkillDocument | undefined {
  const draft = structuredClone(input);
  let issues = first;
  for (let round = 0; round < mostRounds; round++) {
    for (const issue of issues) {
      if (!remove(draft, issue)) return undefined;
    }
    const result = skillSchema.safeParse(draft);
    if (result.success) return result.data;
    issues = result.error.issues;
  }
  return undefined;
}

// Each round removes one level at least.
const mostRounds = 40;

// The rest can be looked at without these two.
const standIn: Record<string, string> = { name: "skill", version: "2.0.0" };

function remove(draft: unknown, issue: Issue): boolean {
  const path = issue.path as Path;
  const [top] = path;
  if (typeof draft !== "object" || draft === null || Array.isArray(draft)) return false;
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) removeAt(draft, [...path, key]);
  } else if (path.length === 1 && typeof top === "string" && top in standIn) {
    (draft as Record<string, unknown>)[top] = standIn[top];
  } else {
    removeAt(draft, path);
  }
  return true;
}

// A list is removed whole, as its other items would move, and a map goes with a value that it cannot be without.
function removeAt(draft: object, path: Path): void {
  const parent = path.slice(0, -1);
  const holder = valueAt(draft, parent);
  const key = path.at(-1);
  if (key === undefined || typeof holder !== "object" || holder === null) return;
  if (Array.isArray(holder) || !Object.hasOwn(holder, key)) removeAt(draft, parent);
  else delete (holder as Record<string | number, unknown>)[key];
}
