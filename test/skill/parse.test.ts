import { describe, expect, it } from "vitest";
import { parseEnvironmentSkill, parseSkill, SkillError } from "../../skill/index.ts";
import { linesOf } from "./refusals.ts";

const good = { name: "shop", version: "2.0.0", apps: { a: {} }, kafka: { topics: { t: { replicationFactor: 3 } } } };

const errorOf = (action: () => unknown): unknown => {
  try {
    return action();
  } catch (error) {
    return error;
  }
};

describe("a SkillError", () => {
  it("holds each problem in parts, and all of them in its message", () => {
    const error = errorOf(() => parseSkill({ ...good, name: "Shop", rabbitmq: { queues: { "a.b": { type: 7 } } } }));
    expect(error).toBeInstanceOf(SkillError);
    expect((error as SkillError).problems).toEqual([
      {
        path: "name",
        rule: "be a lower-case letter and then up to 62 lower-case letters, digits and -",
        got: '"Shop"',
      },
      { path: 'rabbitmq.queues["a.b"].type', rule: "be one of quorum, classic, stream", got: "7" },
    ]);
    expect((error as SkillError).message).toMatchInlineSnapshot(`
      "name: must be a lower-case letter and then up to 62 lower-case letters, digits and -, got "Shop"
      rabbitmq.queues["a.b"].type: must be one of quorum, classic, stream, got 7"
    `);
  });

  it("reports what is wrong between fields together with what is wrong in one, everywhere, in the order of the file", () => {
    const skill = {
      name: "shop",
      version: 2,
      apps: { a: { principal: "x" } },
      rabbitmq: {
        exchanges: { e: { type: "tpic" }, f: { type: "fanout" } },
        queues: {
          "q ": { prefetch: 3, producers: ["b"] },
          r: { bindings: [{ exchange: "g" }, { exchange: "e" }], retry: { maxAttempts: 0, maxDelay: "1ms" } },
          "r.dlq": { maxLength: "many" },
        },
      },
      kafka: { topics: { t: { partitions: 0, config: { "min.insync.replicas": 4 } } } },
      sqs: { queues: { p: { onPoison: 1 }, "p-dlq": {} } },
    };
    expect(linesOf(skill).join("\n")).toMatchInlineSnapshot(`
      "version: must be a version of this schema, 2.x.y such as 2.0.0, got 2
      apps.a.principal: must be a known key, got "principal" (did you mean awsPrincipal?)
      rabbitmq.exchanges.e.type: must be one of direct, fanout, topic, headers, got "tpic" (did you mean topic?)
      rabbitmq.queues["q "]: must hold no white space, control or invisible character, got "q "
      rabbitmq.queues["q "].prefetch: must be a known key (type, producers, consumers, bindings, retry, deadLetter, maxLength, retention), got "prefetch"
      rabbitmq.queues["q "].producers[0]: must name an app that apps declares, got "b"
      rabbitmq.queues.r.bindings[0].exchange: must name an exchange that rabbitmq.exchanges declares, got "g"
      rabbitmq.queues.r.retry.maxAttempts: must be a whole number from 1 to 20, got 0
      rabbitmq.queues.r.retry.maxDelay: must be at least initialDelay (1s), got "1ms"
      rabbitmq.queues["r.dlq"]: must not be named as the dead-letter queue of r is, got "r.dlq"
      rabbitmq.queues["r.dlq"].maxLength: must be a whole number, 1 or more, got "many"
      kafka.topics.t.partitions: must be a whole number from 1 to 10000, got 0
      kafka.topics.t.config["min.insync.replicas"]: must be a whole number from 1 to replicationFactor (3), got 4
      sqs.queues.p.onPoison: must be one of deadLetter, block, got 1"
    `);
  });
});

describe("a path in an error", () => {
  it.each([
    ["a-b_c9", "sqs.queues.a-b_c9"],
    ["a.b", 'sqs.queues["a.b"]'],
    ["a[0]", 'sqs.queues["a[0]"]'],
    ['a"b', 'sqs.queues["a\\"b"]'],
    ["a\\", 'sqs.queues["a\\\\"]'],
    ["", 'sqs.queues[""]'],
    ["\u001b[31m", 'sqs.queues["\\u001b[31m"]'],
    ["\u202e", 'sqs.queues["\\u202e"]'],
    ["\ud800", 'sqs.queues["\\ud800"]'],
  ])("of %j is unambiguous and safe to print", (name, path) => {
    const error = errorOf(() => parseSkill({ ...good, sqs: { queues: { [name]: 1 } } })) as SkillError;
    expect(error.problems[0]?.path).toBe(path);
  });
});

describe("a value in an error", () => {
  it.each([
    ["x".repeat(1000), `"${"x".repeat(57)}…"`],
    ["\u0000".repeat(1000), `"${"\\u0000".repeat(9)}…"`],
    ["line\nbreak", '"line\\nbreak"'],
    ["\u001b[2J", '"\\u001b[2J"'],
    [null, "null"],
    [Number.NaN, "NaN"],
    [-0, "0"],
    [Number.POSITIVE_INFINITY, "Infinity"],
    [false, "false"],
    [{}, "an empty map"],
    [{ a: 1 }, "a map"],
    [[], "an empty list"],
    [[1], "a list"],
  ])("is never long and never moves the cursor, number %#", (value, got) => {
    const error = errorOf(() => parseSkill({ ...good, name: value })) as SkillError;
    expect(error.problems.map((problem) => problem.got)).toEqual([got]);
  });
});

describe("what is no plain data", () => {
  const self: Record<string, unknown> = { ...good };
  self.apps = self;
  const deep = JSON.parse(`${'{"a":'.repeat(40)}1${"}".repeat(40)}`);
  const trap = Object.defineProperty({ ...good }, "apps", {
    enumerable: true,
    get: () => {
      throw new Error("trapped");
    },
  });

  it.each([
    ["a cycle", self, "apps: must not hold itself, got a map"],
    ["a depth", { ...good, apps: deep }, `apps${".a".repeat(31)}: must be at most 32 levels deep, got a map`],
    ["a getter that throws", trap, "skill: must be plain data, got an object that cannot be read"],
    ["a function", { ...good, apps: () => ({}) }, "apps: must be plain data, got a function"],
    ["a date", { ...good, version: new Date(0) }, "version: must be plain data, got a Date"],
    ["a bigint", { ...good, name: 1n }, "name: must be plain data, got a bigint"],
    ["nothing", undefined, "skill: must be a map, got nothing"],
    ["null", null, "skill: must be a map, {} where it is empty, got null"],
  ])("is refused: %s", (_, input, line) => {
    expect((errorOf(() => parseSkill(input)) as SkillError).message.split("\n")).toContain(line);
  });

  it("has too many values", () => {
    const many = { ...good, redis: Array.from({ length: 200_001 }, () => 0) };
    expect((errorOf(() => parseSkill(many)) as SkillError).problems[0]).toEqual({
      path: "",
      rule: "hold at most 200000 values",
      got: "more",
    });
  });
});

describe("an environment's skill", () => {
  const source = "messaging:skill in Pulumi.local.yaml";

  it("is the skill with the environment's patch", () => {
    const patch = { kafka: { topics: { t: { replicationFactor: 1 } } } };
    expect(parseEnvironmentSkill(good, patch, source).kafka?.topics.t?.replicationFactor).toBe(1);
  });

  it("is the skill itself where the environment changes nothing", () => {
    expect(parseEnvironmentSkill(good, undefined, source)).toEqual(parseSkill(good));
    expect(parseEnvironmentSkill(good, {}, source)).toEqual(parseSkill(good));
  });

  it("says which problems the patch brings, and which were there before", () => {
    const patch = { apps: { a: null }, kafka: { topics: { t: { replicationFactor: 0, producers: ["a"] } } } };
    const skill = { ...good, name: "Shop" };
    expect((errorOf(() => parseEnvironmentSkill(skill, patch, source)) as SkillError).message).toMatchInlineSnapshot(`
      "name: must be a lower-case letter and then up to 62 lower-case letters, digits and -, got "Shop"
      kafka.topics.t.replicationFactor: must be a whole number from 1 to 32767, got 0 (from messaging:skill in Pulumi.local.yaml)
      kafka.topics.t.producers[0]: must name an app that apps declares, got "a" (from messaging:skill in Pulumi.local.yaml)"
    `);
  });
});
