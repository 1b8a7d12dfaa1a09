import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, inject, it, onTestFinished } from "vitest";
import { stringify } from "yaml";
import { npm, pulumi, restore, variables } from "./clone.ts";
import { must, run } from "./command.ts";

const clone = inject("clone");
const stackFile = join(clone.folder, `Pulumi.${clone.environment}.yaml`);
const skillFile = join(clone.folder, "skill.yaml");
const stateFile = join(clone.folder, `.state/.pulumi/stacks/messaging/${clone.environment}.json`);
const goodStack = readFileSync(stackFile, "utf8");
const resourcesOf = () =>
  (JSON.parse(readFileSync(stateFile, "utf8")).checkpoint.latest.resources as { urn: string }[]).map(({ urn }) => urn);
const before = resourcesOf();
const containers = () =>
  must("docker", ["ps", "-a", "--filter", `name=messaging-${clone.environment}-`, "--format", "{{.ID}} {{.Names}}"]);
const running = await containers();

afterEach(async () => {
  restore(clone, "skill.yaml");
  writeFileSync(stackFile, goodStack);
  expect(resourcesOf()).toEqual(before);
  expect(await containers()).toBe(running);
});

const noTrace = (printed: string) => expect(printed).not.toMatch(/^\s+at .*(:\d+:\d+|node:internal)/m);

/** Both doors, `npm start` and plain Pulumi, refuse with the sentence. */
async function refused(sentence: string): Promise<void> {
  for (const result of [await npm(clone, "start"), await pulumi(clone, "preview")]) {
    expect(result.code, result.output).not.toBe(0);
    expect(result.output).toContain(sentence);
    noTrace(result.output);
  }
}

describe("a state that Pulumi did not write is refused, and no broker is touched", () => {
  const good = readFileSync(stateFile);
  const attributes = readFileSync(`${stateFile}.attrs`);
  const flipped = (at: number) => Buffer.from(good).fill(good[at]! ^ 1, at, at + 1);
  const port = good.indexOf(`127.0.0.1:${clone.ports.kafka}`) + "127.0.0.1:".length;
  const bare = good.toString().replaceAll(`urn:pulumi:${clone.environment}::`, "urn:pulumi:other::");
  it.each([
    // Of these two Pulumi says itself that they are none, before the program runs.
    ["cut short", good.subarray(0, 5000), "a broken file", "failed to load checkpoint"],
    ["with a bit flipped in its text", flipped(0), "a broken file", "failed to load checkpoint"],
    ["with a bit flipped in a value", flipped(port), "one that something else changed", undefined],
    ["of another stack", Buffer.from(bare), "that of other", undefined],
  ])("%s", async (_, bytes, sentence, pulumis = sentence) => {
    writeFileSync(stateFile, bytes);
    try {
      const messaging = (command: string) =>
        run("npx", ["messaging", command, "-e", clone.environment], { cwd: clone.folder, env: variables(clone) });
      for (const [said, ask] of [
        [pulumis, () => pulumi(clone, "preview")],
        // An up that is refused writes what it read, as Pulumi's own.
        [pulumis, () => pulumi(clone, "up", "--yes", "--skip-preview")],
        [pulumis, () => pulumi(clone, "up", "--yes", "--skip-preview")],
        [sentence, () => npm(clone, "start")],
        [sentence, () => messaging("recover")],
        [sentence, () => messaging("drift")],
      ] as const) {
        const asked = await ask();
        expect(asked.code, asked.output).not.toBe(0);
        expect(asked.output).toContain(said);
        noTrace(asked.output);
      }
    } finally {
      writeFileSync(stateFile, good);
      writeFileSync(`${stateFile}.attrs`, attributes);
      rmSync(`${stateFile}.changed`, { force: true });
    }
  });
});

describe("a skill that cannot be used is refused in one sentence", () => {
  it.each([
    ["missing", undefined, "skill.yaml: must be a readable UTF-8 text file, got no such file"],
    ["not YAML", "a: [", "skill.yaml: must be valid YAML"],
    ["empty", "", "skill.yaml: must not be empty"],
    [
      "of another version",
      "name: x\nversion: 3.0.0\n",
      'version: must be a version of this schema, 2.x.y such as 2.0.0, got "3.0.0"',
    ],
    ["with an unknown key", "name: x\nversion: 2.0.0\nrabitmq: {}\n", "rabitmq: must be a known key"],
  ])("%s", async (_, text, sentence) => {
    if (text === undefined) rmSync(skillFile);
    else writeFileSync(skillFile, text);
    await refused(sentence);
  });
});

describe("an environment that cannot be used is refused in one sentence", () => {
  const salt = /^encryptionsalt:.*$/m.exec(goodStack)?.[0] ?? "";
  const configure = (config: object) => writeFileSync(stackFile, `${stringify({ config })}${salt}\n`);
  const local = { "messaging:brokers": "local", "messaging:local": { ports: clone.ports } };

  it("with an unknown key", async () => {
    configure({ ...local, "messaging:broker": "local" });
    await refused("messaging:broker: must be a known key");
  });

  it("with a port that is no port", async () => {
    configure({ ...local, "messaging:local": { ports: { ...clone.ports, kafka: 70000 } } });
    await refused("messaging:local.ports.kafka: must be a whole number from 1 to 65535, got 70000");
  });

  it("with a patch that spoils the skill", async () => {
    configure({ ...local, "messaging:skill": { kafka: { topics: { "user-events": { partitions: 0 } } } } });
    await refused("kafka.topics.user-events.partitions: must be a whole number from 1");
  });

  it("with a port that is taken", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => void server.close());
    const { port } = server.address() as { port: number };
    configure({ ...local, "messaging:local": { ports: { ...clone.ports, kafka: port } } });
    const { code, output } = await npm(clone, "start");
    expect(code).not.toBe(0);
    expect(output).toMatch(new RegExp(`[Pp]ort ${port}\\b.*in use`));
    noTrace(output);
  });

  it("with a password in clear", async () => {
    configure({ ...local, "messaging:rabbitmqPassword": "clear" });
    const { code, output } = await pulumi(clone, "preview");
    expect(code).not.toBe(0);
    expect(output).toContain(
      "messaging:rabbitmqPassword: must be set with `pulumi config set --secret`, got a value in clear",
    );
    noTrace(output);
  });

  it("without the connection that the skill needs", async () => {
    configure({ "messaging:brokers": "external" });
    const { code, output } = await pulumi(clone, "preview");
    expect(code).not.toBe(0);
    expect(output).toContain(
      "messaging:rabbitmq: must be set, because the skill uses it and messaging:brokers is external, got nothing",
    );
    noTrace(output);
  });
});

describe("a container engine that cannot be used", () => {
  it("is named in one sentence", async () => {
    const { code, output } = await run("npm", ["start"], {
      cwd: clone.folder,
      env: {
        PULUMI_HOME: join(clone.folder, ".home"),
        MESSAGING_ENVIRONMENT: clone.environment,
        DOCKER_HOST: "unix:///nowhere.sock",
      },
    });
    expect(code).not.toBe(0);
    expect(output).toMatch(/Docker engine that DOCKER_HOST names \(unix:\/\/\/nowhere\.sock\) does not answer/);
    noTrace(output);
  });
});
