/** Where a value stands in the skill: the keys and list positions from the top. */
export type Path = readonly (string | number)[];

/** One thing that is wrong with a skill, in the words that the user reads. */
export interface Problem {
  /** Dotted path of the value; keys that are not plain words are quoted: `rabbitmq.queues["a.b"].type`. Empty: the whole. */
  path: string;
  /** What follows "must". */
  rule: string;
  /** The value, shortened and with its control characters escaped. */
  got?: string;
  /** What the value comes from, when that is not the skill's own file. */
  source?: string;
}

/** A skill that cannot be used, with every problem that it has. */
export class SkillError extends Error {
  override readonly name = "SkillError";

  constructor(readonly problems: readonly Problem[]) {
    super(problems.map(problemLine).join("\n"));
  }
}

/** A problem before it becomes words: what the rules report. */
export interface Finding {
  path: Path;
  rule: string;
  got?: string;
  /** The other values that the rule looked at: it says nothing while one of them is wrong itself. */
  reads?: readonly Path[];
}

export const toProblem = ({ path, rule, got }: Finding): Problem =>
  got === undefined ? { path: dotted(path), rule } : { path: dotted(path), rule, got };

function problemLine({ path, rule, got, source }: Problem): string {
  const value = got === undefined ? "" : `, got ${got}`;
  return `${path || "skill"}: must ${rule}${value}${source === undefined ? "" : ` (from ${source})`}`;
}

const plainKey = /^[A-Za-z0-9_-]+$/;
const longestKey = 300;

export function dotted(path: Path): string {
  return path.map(segment).join("").replace(/^\./, "");
}

function segment(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  return plainKey.test(key) && key.length <= longestKey ? `.${key}` : `[${quoted(key, longestKey)}]`;
}

const longestValue = 60;

/** A value as an error shows it: strings quoted, maps and lists by kind, never longer than 60 characters. */
export function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (typeof value === "string") return quoted(value, longestValue);
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) return Object.keys(value).length === 0 ? "an empty map" : "a map";
  return String(value);
}

// Everything that would move the cursor, reorder the line, join its neighbour or not be seen in a terminal or a log.
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}\p{Zl}\p{Zp}]|(?! )\p{Zs}|[\u0300-\u036f]/gu;

/** A text with everything escaped that a terminal or a log would not show as it is. */
export const printable = (text: string): string =>
  text.replace(unprintable, (found) =>
    Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, "0")}`).join(
      "",
    ),
  );

function quoted(text: string, longest: number): string {
  const whole = printable(JSON.stringify(text.slice(0, longest)));
  if (text.length <= longest && whole.length <= longest + 2) return whole;
  return `${whole.slice(0, longest - 2).replace(/\\(u[0-9a-f]{0,3})?$/, "")}…"`;
}
