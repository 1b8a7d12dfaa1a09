import { checkNames } from "./checkNames.ts";
import { mergePatch } from "./mergePatch.ts";
import { inOrder, PathSet } from "./pathSet.ts";
import { plainCopy } from "./plain.ts";
import { type Finding, type Problem, SkillError, toProblem } from "./problem.ts";
import { rules } from "./rules/index.ts";
import { resolve, type Skill, type SkillDocument } from "./schema.ts";
import { checkShape } from "./shape.ts";

/** The skill of any input, with every default filled in. Throws one SkillError with every problem of the input. */
export function parseSkill(input: unknown): Skill {
  const { problems, document } = check(input);
  if (document === undefined || problems.length > 0) throw new SkillError(problems);
  return resolve(document);
}

/**
 * The skill of an environment: `input` with the environment's JSON merge patch. A problem that the patch brings
 * carries `source`, the name of the place where the patch stands. Throws a SkillError as `parseSkill` does.
 */
export function parseEnvironmentSkill(input: unknown, patch: unknown, source: string): Skill {
  if (patch === undefined) return parseSkill(input);
  const { problems, document } = check(mergePatch(input, patch));
  if (document !== undefined && problems.length === 0) return resolve(document);
  const known = new Set(check(input).problems.map(identity));
  throw new SkillError(problems.map((problem) => (known.has(identity(problem)) ? problem : { ...problem, source })));
}

const identity = ({ path, rule, got }: Problem): string => JSON.stringify([path, rule, got]);

function check(input: unknown): { problems: Problem[]; document?: SkillDocument } {
  const plain = plainCopy(input);
  const { findings, document } = checkShape(plain.value);
  // What could not be copied is missing for the schema, which is no news.
  const uncopied = new PathSet(plain.findings.map(({ path }) => path));
  const news = findings.filter(({ path }) => !uncopied.covers(path));
  const single = [...plain.findings, ...news, ...checkNames(plain.value)];
  const combined = document === undefined ? [] : rules.flatMap((rule) => rule(document, plain.value));
  const problems = distinct(inOrder([...single, ...reliable(combined, single)], plain.value).map(toProblem));
  return document === undefined ? { problems } : { problems, document };
}

// A rule that looked at a value which is wrong itself saw a default in its place.
function reliable(combined: Finding[], single: Finding[]): Finding[] {
  const wrong = new PathSet(single.map(({ path }) => path));
  return combined.filter(({ path, reads = [] }) => !wrong.has(path) && !reads.some((read) => wrong.hasInside(read)));
}

const distinct = (problems: Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [identity(problem), problem])).values(),
];
