import fc from "fast-check";
import { parseSkill, type Skill, SkillError } from "../../../skill/index.ts";
import { mutated, mutation } from "../../skill/mutation.ts";
import { skills } from "./skills.ts";

// Names with what formats take for marks of their own: quotes, braces, pipes, markup, digits with dots, non-ASCII, their words.
const odd = fc.constantFrom(
  "end",
  "1.a",
  "a{b}",
  "{{ .x }}".replaceAll(" ", ""),
  'q"t',
  "ärger",
  "a<b>c",
  "a&b;",
  "x!y",
  "`c`",
  "[d]",
  "a_b_c",
  "b$1",
);
const kafkaName = fc.constantFrom("a", "a.b", "a_b", "retry", "a-b.c");
const apps = fc.uniqueArray(fc.constantFrom("one", "two_2", "end"), { maxLength: 3 });
const retry = fc.record({
  maxAttempts: fc.integer({ min: 1, max: 5 }),
  backoff: fc.constantFrom("fixed", "linear", "exponential"),
  initialDelay: fc.constantFrom("1ms", "1500ms", "2s"),
});
const byApp = fc.dictionary(
  fc.constantFrom("one", "two_2"),
  fc.record({ prefetch: fc.integer({ min: 1, max: 9 }), retry }),
  { maxKeys: 2 },
);
const groups = fc.dictionary(kafkaName, fc.record({ app: fc.constantFrom("one", "two_2"), retry }), { maxKeys: 2 });
const key = fc.constantFrom("a.*", "#", "a.#.b", "{x}", "plain", "ä");

/** Inputs of skills of all four brokers with names that are hard to write; most of them are good. */
const hard = fc.record({
  name: fc.constant("hard"),
  version: fc.constant("2.0.0"),
  apps: fc.constant({ one: {}, two_2: {}, end: {} }),
  rabbitmq: fc.record({
    exchanges: fc.constant({ events: { type: "topic" }, plain: { type: "direct" }, all: { type: "fanout" } }),
    queues: fc.dictionary(
      odd,
      fc.record({
        producers: apps,
        consumers: byApp,
        bindings: fc.array(
          fc.oneof(fc.record({ exchange: fc.constant("events"), routingKey: key }), fc.constant({ exchange: "all" })),
          { maxLength: 2 },
        ),
      }),
      { maxKeys: 4 },
    ),
  }),
  kafka: fc.record({
    topics: fc.dictionary(
      kafkaName,
      fc.record({
        producers: apps,
        consumers: groups,
        config: fc.constantFrom({}, { "cleanup.policy": "compact,delete" }, { "max.message.bytes": 1000 }),
      }),
      { maxKeys: 3 },
    ),
  }),
  sqs: fc.record({
    queues: fc.dictionary(
      fc.constantFrom("a", "b_c"),
      fc.record({ producers: apps, consumers: apps, onPoison: fc.constantFrom("block", "deadLetter") }),
      { maxKeys: 2 },
    ),
  }),
  redis: fc.record({
    instances: fc.record({
      i: fc.record({
        channels: fc.dictionary(
          fc.constantFrom("c:*", "d", "e{f}*"),
          fc.record({ publishers: apps, subscribers: apps }),
          { maxKeys: 2 },
        ),
        streams: fc.dictionary(fc.constantFrom("s", "s:t", "ü{v}"), fc.record({ producers: apps, consumers: groups }), {
          maxKeys: 2,
        }),
      }),
    }),
  }),
});

/** The skill of an input, where it is good. */
function parsed(input: unknown): Skill | undefined {
  try {
    return parseSkill(input);
  } catch (error) {
    if (error instanceof SkillError) return undefined;
    throw error;
  }
}

const examples = skills.filter(([file]) => !file.endsWith("large.yaml")).map(([, skill]) => skill);
const mutant = fc
  .tuple(fc.constantFrom(...examples), fc.array(mutation, { maxLength: 2 }))
  .map(([skill, mutations]) => parsed(mutated(skill, mutations)));

/** Good skills, from hard names and from the examples with mutations. */
export const arbitrarySkill: fc.Arbitrary<Skill> = fc
  .oneof({ weight: 3, arbitrary: hard.map(parsed) }, { weight: 1, arbitrary: mutant })
  .filter((skill): skill is Skill => skill !== undefined);
