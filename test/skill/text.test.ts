import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadSkillFile, parseSkill, parseSkillText, SkillError } from "../../skill/index.ts";

const root = new URL("../..", import.meta.url).pathname;
const messageOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof SkillError) return error.message;
    throw error;
  }
  return "no error";
};

describe("an invalid fixture", () => {
  const folder = join(root, "test/fixtures/invalid");
  const fixtures = readdirSync(folder).filter((name) => name.endsWith(".yaml"));

  it("has its message beside it", () => {
    const expected = readdirSync(folder).filter((name) => name.endsWith(".txt"));
    expect(expected).toEqual(fixtures.map((name) => name.replace(".yaml", ".txt")));
    expect(fixtures.length).toBeGreaterThan(10);
  });

  it.each(fixtures)("%s is refused with its message", (name) => {
    const message = messageOf(() => parseSkillText(readFileSync(join(folder, name), "utf8")));
    expect(`${message}\n`).toBe(readFileSync(join(folder, name.replace(".yaml", ".txt")), "utf8"));
  });
});

describe("an example", () => {
  const examples = ["skill.yaml", ...readdirSync(join(root, "examples")).map((name) => `examples/${name}`)];

  it.each(examples)("%s is a good skill", (name) => {
    expect(messageOf(() => parseSkill(loadSkillFile(join(root, name))))).toBe("no error");
  });

  it("full.yaml shows every key of the schema", () => {
    const schema = JSON.parse(readFileSync(join(root, "skill/skill.schema.json"), "utf8"));
    const text = readFileSync(join(root, "examples/full.yaml"), "utf8");
    expect(keysOf(schema).filter((key) => !new RegExp(`\\b${key}:`).test(text))).toEqual([]);
  });

  it("large.yaml has 50 queues and 20 topics", () => {
    const skill = parseSkill(loadSkillFile(join(root, "examples/large.yaml")));
    expect(Object.keys(skill.rabbitmq?.queues ?? {})).toHaveLength(50);
    expect(Object.keys(skill.kafka?.topics ?? {})).toHaveLength(20);
  });
});

/** The names of all properties in a JSON Schema. */
function keysOf(schema: unknown): string[] {
  if (typeof schema !== "object" || schema === null) return [];
  const { properties = {}, ...rest } = schema as { properties?: Record<string, unknown> };
  return [...Object.keys(properties), ...[...Object.values(properties), ...Object.values(rest)].flatMap(keysOf)];
}

describe("a YAML text", () => {
  it("may begin with a byte order mark", () => {
    expect(parseSkillText("\ufeffname: shop\nversion: 2.0.0\n").name).toBe("shop");
  });

  it("may use aliases", () => {
    const text = "name: shop\nversion: 2.0.0\napps: { a: {} }\nsqs: { queues: { p: &p { producers: [a] }, q: *p } }";
    expect(parseSkillText(text).sqs?.queues.q?.producers).toEqual(["a"]);
  });

  it("is at most 1 MiB long", () => {
    const text = `name: shop\n# ${"x".repeat(1024 * 1024)}`;
    expect(messageOf(() => parseSkillText(text))).toMatchInlineSnapshot(
      `"skill: must be at most 1 MiB of text, got 1048589 characters"`,
    );
  });

  it("is not nested deeper than can be read", () => {
    expect(messageOf(() => parseSkillText("[".repeat(100_000)))).toMatchInlineSnapshot(
      `"skill: must be YAML that can be read, got nesting that is too deep"`,
    );
    expect(messageOf(() => parseSkillText(`apps: ${"[".repeat(100_000)}${"]".repeat(100_000)}`))).toMatchInlineSnapshot(
      `"skill: must be YAML that can be read, got nesting that is too deep"`,
    );
  });

  it("has keys that are words", () => {
    expect(messageOf(() => parseSkillText("? [a, b]\n: 1"))).toMatchInlineSnapshot(`
      "["[ a, b ]"]: must be a known key (name, version, retry, apps, rabbitmq, kafka, sqs, redis), got "[ a, b ]"
      name: must be a lower-case letter and then up to 62 lower-case letters, digits and -, got nothing
      version: must be a version of this schema, 2.x.y such as 2.0.0, got nothing"
    `);
  });
});

describe("a skill file", () => {
  let folder = "";
  const file = (name: string, content: string | Uint8Array) => {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
  };
  const message = (path: string) => messageOf(() => loadSkillFile(path)).replaceAll(folder, "");

  beforeAll(() => {
    folder = `${mkdtempSync(join(tmpdir(), "messaging-skill-"))}/`;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it("exists", () => {
    expect(message(join(folder, "skill.yaml"))).toMatchInlineSnapshot(
      `"skill.yaml: must be a readable UTF-8 text file, got no such file"`,
    );
    expect(message(join(file("plain", "x"), "skill.yaml"))).toMatchInlineSnapshot(
      `"plain/skill.yaml: must be a readable UTF-8 text file, got no such file"`,
    );
  });

  it("is no directory, no device and no link to itself", () => {
    expect(message("/dev/zero")).toMatchInlineSnapshot(`"/dev/zero: must be a readable UTF-8 text file, got a device"`);
    expect(message(folder)).toMatchInlineSnapshot(`": must be a readable UTF-8 text file, got a directory"`);
    symlinkSync("loop", join(folder, "loop"));
    expect(message(join(folder, "loop"))).toMatchInlineSnapshot(
      `"loop: must be a readable UTF-8 text file, got a link to itself"`,
    );
  });

  it.skipIf(process.getuid?.() === 0)("is one that the user may read", () => {
    const path = file("closed.yaml", "name: shop");
    chmodSync(path, 0);
    expect(message(path)).toBe(
      "closed.yaml: must be a readable UTF-8 text file, got a file that this user may not read",
    );
  });

  it("is text", () => {
    expect(message(file("utf16.yaml", new Uint8Array([0xff, 0xfe, 0x6e, 0x00])))).toMatchInlineSnapshot(
      `"utf16.yaml: must be a readable UTF-8 text file, got bytes that are not UTF-8"`,
    );
  });

  it("is not empty", () => {
    expect(message(file("empty.yaml", ""))).toMatchInlineSnapshot(`"empty.yaml: must not be empty, got no content"`);
    expect(message(file("comments.yaml", "# nothing yet\n"))).toMatchInlineSnapshot(
      `"comments.yaml: must not be empty, got no content"`,
    );
  });

  it("is at most 1 MiB large", () => {
    expect(message(file("large.yaml", "#".repeat(1024 * 1024 + 1)))).toMatchInlineSnapshot(
      `"large.yaml: must be at most 1 MiB, got 1048577 bytes"`,
    );
  });

  it("is named in each of its problems", () => {
    expect(message(file("twice.yaml", "name: a\nname: b\napps: {}\napps: {}\n"))).toMatchInlineSnapshot(`
      "twice.yaml: must be valid YAML, got this at line 2, column 1: Map keys must be unique
      twice.yaml: must be valid YAML, got this at line 4, column 1: Map keys must be unique"
    `);
  });

  it("has a name that can be printed in the error too", () => {
    expect(message(join(folder, "a\u001b[31mb.yaml"))).toMatchInlineSnapshot(
      `"a\\u001b[31mb.yaml: must be a readable UTF-8 text file, got no such file"`,
    );
  });
});
