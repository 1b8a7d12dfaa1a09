import { LineCounter, parseAllDocuments, type YAMLError } from "yaml";
import { parseSkill } from "./parse.ts";
import { type Problem, printable, SkillError } from "./problem.ts";
import type { Skill } from "./schema.ts";

// A skill of a thousand queues is a tenth of this.
const mostCharacters = 1024 * 1024;

const readable = "be YAML that can be read";
const tooDeep = "nesting that is too deep";

/** The skill of a YAML text. Throws a SkillError, of the text's own faults or of the skill's. */
export const parseSkillText = (yamlText: string): Skill => parseSkill(readYaml(yamlText));

/** What a YAML text says, by YAML 1.2. Throws a SkillError where it says nothing, or nothing certain. */
export function readYaml(yamlText: string): unknown {
  if (yamlText.length > mostCharacters) throw refused("be at most 1 MiB of text", `${yamlText.length} characters`);
  const lineCounter = new LineCounter();
  const [document, ...more] = guarded(() => [
    ...parseAllDocuments(yamlText, { lineCounter, prettyErrors: false, logLevel: "silent" }),
  ]);
  if (document === undefined) throw refused("not be empty", "no content");
  if (more.length > 0) throw refused("be one YAML document", `${more.length + 1} documents`);
  const { errors, warnings } = document;
  // The library reports the end of the stack as a fault of the text.
  if (errors.some(({ message }) => message.startsWith("Maximum call stack"))) throw refused(readable, tooDeep);
  const faults = telling([...errors, ...warnings]);
  if (faults.length > 0) throw new SkillError(faults.map((fault) => syntaxProblem(fault, lineCounter)));
  const value = guarded(() => document.toJS({ maxAliasCount: 100 }) as unknown);
  if (value === null || value === undefined) throw refused("not be empty", "no content");
  return value;
}

// After the first fault the others are often its echo; not so keys that are there twice.
const telling = (faults: YAMLError[]): YAMLError[] =>
  faults.every(({ code }) => code === "DUPLICATE_KEY") ? faults : faults.slice(0, 1);

function guarded<Result>(reading: () => Result): Result {
  try {
    return reading();
  } catch (error) {
    throw refused(readable, reasonOf(error));
  }
}

// The library throws a ReferenceError for aliases, and runs out of stack on nesting that no skill has.
function reasonOf(error: unknown): string {
  if (!(error instanceof ReferenceError)) return tooDeep;
  return error.message.startsWith("Excessive")
    ? "aliases that repeat too much"
    : "an alias without its anchor before it";
}

const refused = (rule: string, got: string): SkillError => new SkillError([{ path: "", rule, got }]);

function syntaxProblem({ message, pos }: YAMLError, lineCounter: LineCounter): Problem {
  const { line, col } = lineCounter.linePos(pos[0]);
  return { path: "", rule: "be valid YAML", got: `this at line ${line}, column ${col}: ${printable(message)}` };
}
