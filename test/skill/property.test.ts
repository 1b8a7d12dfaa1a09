import { readdirSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadSkillFile, type Problem, parseSkill, type Skill, SkillError } from "../../skill/index.ts";
import { mutated, mutation } from "./mutation.ts";
import { asInput, badNames } from "./oracle.ts";
import { segmentsOf } from "./path.ts";

const folder = new URL("../../examples/", import.meta.url).pathname;
const examples = readdirSync(folder)
  .filter((name) => name !== "large.yaml")
  .map((name) => loadSkillFile(`${folder}${name}`));

type Outcome = { skill: Skill } | { problems: readonly Problem[]; message: string };

/** What parseSkill does; anything thrown but a SkillError fails the test. */
function outcomeOf(input: unknown): Outcome {
  try {
    return { skill: parseSkill(input) };
  } catch (error) {
    if (!(error instanceof SkillError)) throw error;
    return { problems: error.problems, message: error.message };
  }
}

/** Whether a path leads to a value of the input, or to a missing one in a map or list that is there. */
function leadsSomewhere(input: unknown, path: string): boolean {
  const segments = segmentsOf(path);
  let value = input;
  for (const segment of segments) {
    if (typeof value !== "object" || value === null) return false;
    value = Object.hasOwn(value, segment) ? (value as Record<string, unknown>)[segment] : undefined;
  }
  return true;
}

/** What of the promise an input breaks. */
function brokenBy(input: unknown): string[] {
  const outcome = outcomeOf(input);
  const again = isDeepStrictEqual(outcomeOf(input), outcome) ? [] : ["is read in two ways"];
  if ("skill" in outcome) {
    const stable = isDeepStrictEqual(outcomeOf(asInput(outcome.skill)), outcome) ? [] : ["is not stable"];
    return [...again, ...stable, ...badNames(outcome.skill)];
  }
  const { problems, message } = outcome;
  return [
    ...again,
    ...(problems.length === 0 || message.split("\n").length !== problems.length ? ["has not a line a problem"] : []),
    // Nothing in a line may move a cursor or begin another line.
    ...message.split("\n").filter((line) => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(line)),
    ...problems.map(({ path }) => path).filter((path) => !leadsSomewhere(input, path)),
  ];
}

const holds = (input: unknown): void => {
  const broken = brokenBy(input);
  if (broken.length > 0) throw new Error(broken.join("\n"));
};

const key = fc.oneof(
  fc.constantFrom(
    "name",
    "version",
    "retry",
    "apps",
    "rabbitmq",
    "kafka",
    "sqs",
    "redis",
    "queues",
    "topics",
    "__proto__",
  ),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const anything = fc.anything({
  key,
  maxDepth: 4,
  withBigInt: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withSparseArray: true,
  withTypedArray: true,
});

// Few names, with the characters that derived names are made of: collisions are common.
const name = fc.constantFrom(
  "a",
  "b",
  "a.b",
  "a_b",
  "a-dlq",
  "a.dlq",
  "a.b.dlt",
  "a.a.dlt",
  "a.b.dlq",
  "b.a.retry.1000",
);
const app = fc.constantFrom("a", "b");
const groups = fc.dictionary(name, fc.record({ app }), { maxKeys: 3 });
const colliding = fc.record({
  name: fc.constant("shop"),
  version: fc.constant("2.0.0"),
  apps: fc.constant({ a: {}, b: {} }),
  rabbitmq: fc.record({ queues: fc.dictionary(name, fc.constant({}), { maxKeys: 4 }) }),
  kafka: fc.record({ topics: fc.dictionary(name, fc.record({ consumers: groups }), { maxKeys: 3 }) }),
  sqs: fc.record({
    queues: fc.dictionary(fc.constantFrom("a", "b", "a-dlq", "b-dlq", "A"), fc.constant({}), { maxKeys: 4 }),
  }),
  redis: fc.record({
    instances: fc.record({
      i: fc.record({
        streams: fc.dictionary(name, fc.record({ consumers: groups }), { maxKeys: 3 }),
        keys: fc.dictionary(fc.constantFrom("a*", "b:*", "c", "a.b.dlq"), fc.array(app, { maxLength: 1 }), {
          maxKeys: 2,
        }),
      }),
    }),
  }),
});

describe("parseSkill returns a skill or throws a SkillError whose paths lead somewhere, always the same", {
  timeout: 180_000,
}, () => {
  it("on anything at all, 3500 times", () => {
    fc.assert(fc.property(anything, holds), { numRuns: 3500 });
  });

  it("on a good skill with up to four mutations, 5000 times", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...examples),
        fc.array(mutation, { minLength: 1, maxLength: 4 }),
        (example, mutations) => holds(mutated(example, mutations)),
      ),
      { numRuns: 5000 },
    );
  });

  it("on names that derive one another, 2500 times, about a third of them good", () => {
    let good = 0;
    fc.assert(
      fc.property(colliding, (input) => {
        holds(input);
        if ("skill" in outcomeOf(input)) good++;
      }),
      { numRuns: 2500 },
    );
    expect(good).toBeGreaterThan(100);
  });
});

describe("a single broken field", () => {
  it("is found where it is, whatever the example and the field", () => {
    const odd = { odd: ["one"] };
    const missed = examples.flatMap((example) =>
      leavesOf(example).flatMap((path) => {
        const broken = structuredClone(example);
        const holder = path
          .slice(0, -1)
          .reduce<unknown>((value, step) => (value as Record<string, unknown>)[step], broken);
        (holder as Record<string, unknown>)[path.at(-1)!] = odd;
        const outcome = outcomeOf(broken);
        const paths = "problems" in outcome ? outcome.problems.map((problem) => segmentsOf(problem.path)) : [];
        return paths.some((found) => path.every((step, at) => found[at] === step)) ? [] : [path.join("/")];
      }),
    );
    expect(missed).toEqual([]);
  });
});

/** The paths of all scalars. */
function leavesOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([step, inner]) => leavesOf(inner, [...path, step]));
}
