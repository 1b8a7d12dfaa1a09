import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../cli/index.ts";
import { jsonSchema } from "../../skill/index.ts";

const root = new URL("../..", import.meta.url).pathname;
const good = "name: shop\nversion: 2.0.0\napps: { a: {} }\nkafka: { topics: { t: { replicationFactor: 3 } } }\n";

/** What a command line prints, and its exit code. */
async function called(...args: string[]) {
  const printed = { stdout: "", stderr: "" };
  const stream = (name: keyof typeof printed) => ({
    write: (text: string) => {
      printed[name] += text;
    },
  });
  const code = await run(args, { stdout: stream("stdout"), stderr: stream("stderr") });
  return { code, ...printed };
}

describe("messaging", () => {
  it("shows how it is called", async () => {
    expect(await called("--help")).toMatchInlineSnapshot(`
      {
        "code": 0,
        "stderr": "",
        "stdout": "Usage: messaging <command> [options]

        validate     Check a skill, skill.yaml unless another file is given, and print all its problems.
        schema       Print the JSON Schema (draft 7) of a skill.
        export       Print a skill as an AsyncAPI document, a Mermaid flowchart, Prometheus rules or a Grafana dashboard.
        verify       Walk a good and a poison message through every flow of the live environment, as its apps, and clean up. Exit code 1: a promise is broken; 2: a broker does not answer, whatever was found of the others.
        drift        Compare the live brokers with what Pulumi's state says. Exit code 7: something drifted.
        adopt        Write a skill of what the brokers have already, and Pulumi's import file for it. Nothing is changed before --import.
        dlq list     Show how many dead letters each flow has and how old the oldest is. Nothing is consumed.
        dlq show     Show the oldest dead letters of a flow with their errors. They stay where they are.
        dlq redrive  Put dead letters back to the consumer that gave them up, the oldest first. Each is confirmed by the broker before it leaves.
        dlq drop     Delete dead letters for good, the oldest first. Asks, or takes the count that it would ask for.
        recover      After an up, destroy or refresh that was killed: release its lock, and settle what was under way by what the brokers have.
        rotate       Give an app another credential in Pulumi.<env>.yaml, accepted beside the old one until --finish takes that out. pulumi up makes it so.
        invoke       Propose what to add to skill.yaml for a request of 5 to 2000 characters, and preview it. Nothing is changed before --apply.
        doctor       Look for message loss, lag, duplicates and other troubles on the live brokers, each with its cause and fix. Exit code 1: something was found; 2: a broker does not answer, whatever else was found. Nothing is changed.

      messaging <command> --help tells more; messaging --version tells the version.
      ",
      }
    `);
    expect(await called("-h")).toEqual(await called("--help"));
  });

  it("tells the version of its package", async () => {
    const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    expect(await called("--version")).toEqual({ code: 0, stdout: `${version}\n`, stderr: "" });
  });

  it.each([
    [
      [],
      "messaging: must be given a command (validate, schema, export, verify, drift, adopt, dlq list, dlq show, dlq redrive, dlq drop, recover, rotate, invoke, doctor), got nothing",
    ],
    [
      ["validat"],
      'messaging: must be given a known command (validate, schema, export, verify, drift, adopt, dlq list, dlq show, dlq redrive, dlq drop, recover, rotate, invoke, doctor), got "validat"',
    ],
    [
      ["\u001b[2J"],
      'messaging: must be given a known command (validate, schema, export, verify, drift, adopt, dlq list, dlq show, dlq redrive, dlq drop, recover, rotate, invoke, doctor), got "\\u001b[2J"',
    ],
    [
      ["constructor"],
      'messaging: must be given a known command (validate, schema, export, verify, drift, adopt, dlq list, dlq show, dlq redrive, dlq drop, recover, rotate, invoke, doctor), got "constructor"',
    ],
    [
      ["--verbose"],
      'messaging: must be given a known command (validate, schema, export, verify, drift, adopt, dlq list, dlq show, dlq redrive, dlq drop, recover, rotate, invoke, doctor), got "--verbose"',
    ],
    [
      ["validate", "--env", "x"],
      'messaging: validate must be given a known option (--environment, --log, --help), got "--env"',
    ],
    [["validate", "-x"], 'messaging: validate must be given a known option (--environment, --log, --help), got "-x"'],
    [
      ["validate", "--__proto__"],
      'messaging: validate must be given a known option (--environment, --log, --help), got "--__proto__"',
    ],
    [["validate", "--environment"], "messaging: --environment must have a value, got none"],
    [["validate", "-e", ""], "messaging: -e must have a value, got none"],
    [["validate", "--help=yes"], 'messaging: --help must have no value, got "yes"'],
    [["validate", "-e", "../secret"], 'messaging: --environment must be the name of a Pulumi stack, got "../secret"'],
    [["validate", "a.yaml", "b.yaml"], 'messaging: validate must be given at most 1 of it, got "b.yaml"'],
    [["dlq"], 'messaging: must be given a known command (dlq list, dlq show, dlq redrive, dlq drop), got "dlq"'],
    [
      ["dlq", "purge"],
      'messaging: must be given a known command (dlq list, dlq show, dlq redrive, dlq drop), got "dlq purge"',
    ],
    [["invoke"], "messaging: query: must be 5 to 2000 characters, got nothing"],
    [["invoke", "    "], "messaging: query: must be 5 to 2000 characters, got none"],
    [["invoke", " four "], 'messaging: query: must be 5 to 2000 characters, got 4: " four "'],
    [["invoke", "ab".repeat(1001)], `messaging: query: must be 5 to 2000 characters, got 2002: "${"ab".repeat(28)}a…"`],
    [
      ["invoke", "a task queue", "--broker", "nats"],
      'messaging: --broker: must be one of rabbitmq, kafka, sqs, redis, got "nats"',
    ],
    [
      ["invoke", "delete the queue orders"],
      "messaging: query: must ask for something to be added, as invoke takes nothing away: remove it from skill.yaml and run `npx pulumi preview`, which refuses what would lose messages",
    ],
    [["dlq", "show"], "messaging: dlq show must be given a flow (messaging dlq list names them), got nothing"],
    [["dlq", "show", "f", "--limit", "0"], 'messaging: --limit must be a whole number from 1 to 1000, got "0"'],
    [
      ["dlq", "redrive", "f", "--rate", "fast"],
      'messaging: --rate must be a whole number from 1 to 1000000, got "fast"',
    ],
    [
      ["dlq", "drop", "f", "--filter", "$..x=1"],
      'messaging: --filter must have a JSON path such as $.customer.id, $.items[0].sku or $["a key"], got "$..x=1"',
    ],
    [["dlq", "drop", "f", "--filter", "x~("], 'messaging: --filter must have a regular expression after ~, got "x~("'],
    [["validate", "--log", "text"], 'messaging: --log must be json, got "text"'],
    [["schema", "a.yaml"], 'messaging: schema must be given nothing more, got "a.yaml"'],
  ])("refuses %j in one line, and shows the usage", async (args, line) => {
    const { code, stdout, stderr } = await called(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    const [first, blank, usage] = stderr.split("\n");
    expect([first, blank]).toEqual([line, ""]);
    expect(usage).toMatch(/^Usage: messaging /);
  });
});

describe("messaging schema", () => {
  it("prints the JSON Schema and nothing else", async () => {
    const { code, stdout, stderr } = await called("schema");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(stdout)).toEqual(jsonSchema());
  });
});

describe("messaging validate", () => {
  const before = process.cwd();
  let folder = "";
  const write = (name: string, content: string) => writeFileSync(join(folder, name), content);

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "messaging-cli-"));
    process.chdir(folder);
    write("skill.yaml", good);
    write("bad.yaml", "name: Shop\nversion: 2.0.0\nsqs: { queues: { p: { producers: [a], fifo: true } } }\n");
    write("Pulumi.dev.yaml", "config:\n  messaging:skill: { kafka: { topics: { t: { replicationFactor: 1 } } } }\n");
    write(
      "Pulumi.bad.yaml",
      "config:\n  messaging:skill: { name: Shop, kafka: { topics: { t: { replicationFactor: 0 } } } }\n",
    );
    write("Pulumi.plain.yaml", "encryptionsalt: v1:x\n");
    write("Pulumi.list.yaml", "config:\n  messaging:skill: [1]\n");
  });
  afterAll(() => {
    process.chdir(before);
    rmSync(folder, { recursive: true });
  });

  it("shows how it is called", async () => {
    expect((await called("validate", "--help")).stdout).toMatchInlineSnapshot(`
      "Usage: messaging validate [options] [file]

      Check a skill, skill.yaml unless another file is given, and print all its problems.

        -e, --environment <env>  Check it as Pulumi.<env>.yaml changes it, by messaging:skill.
        --log json               Log the call as JSON lines on standard error: invoked, then completed or failed.
        -h, --help               Show this text.
      "
    `);
  });

  it("sums up a good skill.yaml in one line", async () => {
    expect(await called("validate")).toEqual({
      code: 0,
      stdout: "skill.yaml: valid: shop 2.0.0, 1 app, 1 Kafka topic\n",
      stderr: "",
    });
  });

  it("counts all that is in a skill", async () => {
    expect(
      (await called("validate", join(root, "examples/full.yaml"))).stdout.replace(root, ""),
    ).toMatchInlineSnapshot(`
      "examples/full.yaml: valid: full 2.0.0, 4 apps, 3 RabbitMQ queues, 3 Kafka topics, 1 SQS queue, 2 Redis instances
      "
    `);
  });

  it("prints every problem of a bad one, and nothing else", async () => {
    expect(await called("validate", "bad.yaml")).toMatchInlineSnapshot(`
      {
        "code": 1,
        "stderr": "name: must be a lower-case letter and then up to 62 lower-case letters, digits and -, got "Shop"
      sqs.queues.p.producers[0]: must name an app that apps declares, got "a"
      sqs.queues.p.fifo: must not be set: every queue is FIFO, got true
      ",
        "stdout": "",
      }
    `);
  });

  it("says that there is no such file", async () => {
    expect(await called("validate", "skil.yaml")).toMatchInlineSnapshot(`
      {
        "code": 1,
        "stderr": "skil.yaml: must be a readable UTF-8 text file, got no such file
      ",
        "stdout": "",
      }
    `);
  });

  it("checks the skill of an environment", async () => {
    expect((await called("validate", "--environment", "dev")).code).toBe(0);
    expect((await called("validate", "-e", "plain", "skill.yaml")).code).toBe(0);
    expect(await called("validate", "-e", "bad")).toMatchInlineSnapshot(`
      {
        "code": 1,
        "stderr": "name: must be a lower-case letter and then up to 62 lower-case letters, digits and -, got "Shop" (from messaging:skill in Pulumi.bad.yaml)
      kafka.topics.t.replicationFactor: must be a whole number from 1 to 32767, got 0 (from messaging:skill in Pulumi.bad.yaml)
      ",
        "stdout": "",
      }
    `);
  });

  it("says that there is no such environment, or none with a patch that can be used", async () => {
    expect((await called("validate", "-e", "production")).stderr).toMatchInlineSnapshot(`
      "Pulumi.production.yaml: must be a readable UTF-8 text file, got no such file
      "
    `);
    expect((await called("validate", "-e", "list")).stderr).toMatchInlineSnapshot(`
      "Pulumi.list.yaml: config["messaging:skill"]: must be a map, got a list
      "
    `);
  });

  it("is what the installed command runs, without a build", () => {
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [join(root, "cli/messaging.mjs"), "validate", "bad.yaml"],
      {
        cwd: folder,
        encoding: "utf8",
      },
    );
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toMatchInlineSnapshot(`
      "name: must be a lower-case letter and then up to 62 lower-case letters, digits and -, got "Shop"
      sqs.queues.p.producers[0]: must name an app that apps declares, got "a"
      sqs.queues.p.fifo: must not be set: every queue is FIFO, got true
      "
    `);
  });
});
