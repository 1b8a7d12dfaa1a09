import { randomBytes } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { stringify } from "yaml";
import type { OperatorAccess } from "../../client/operator.ts";
import { loadSkillFile, parseSkill } from "../../skill/index.ts";
import { byHand, VHOST } from "./adopt/byHand.ts";
import { type Clone, makeClone, output, removeClone, variables } from "./clone.ts";
import { run } from "./command.ts";

const main = inject("clone");

let clone: Clone;
let made: ReturnType<typeof byHand>;

/** The main environment's Pulumi and plugins: nothing is installed here. */
const environment = () => ({ ...variables(clone), PULUMI_HOME: variables(main).PULUMI_HOME });

/** Pulumi on the stack; secrets go in by standard input. */
const pulumi = (args: string[], input = "") =>
  run("npx", ["pulumi", ...args, "--stack", clone.environment, "--non-interactive"], {
    cwd: clone.folder,
    env: { ...environment(), PULUMI_CONFIG_PASSPHRASE_FILE: join(clone.folder, ".state/passphrase") },
    input,
  });

const messaging = (...args: string[]) => run("npx", ["messaging", ...args], { cwd: clone.folder, env: environment() });

/** A new stack of people who have had brokers for long, those of the main environment, and never used Pulumi. */
beforeAll(async () => {
  const operator = await output<Required<OperatorAccess>>(main, "operator");
  made = byHand(operator);
  await made.make();
  const { folder, ...rest } = await makeClone("adopt", 22690);
  clone = { folder, ...rest };
  writeFileSync(join(folder, ".state/passphrase"), randomBytes(24).toString("base64"));
  const { rabbitmq, kafka, sqs } = operator;
  const config = {
    "messaging:brokers": "external",
    "messaging:rabbitmq": { endpoint: rabbitmq.managementUrl, url: rabbitmq.url, username: rabbitmq.username },
    "messaging:kafka": { bootstrapServers: kafka.bootstrapServers, tls: false, username: kafka.username },
    "messaging:aws": { region: sqs.region, endpoint: sqs.endpoint },
  };
  writeFileSync(join(folder, `Pulumi.${clone.environment}.yaml`), stringify({ config }));
  const steps: [string[], string?][] = [
    [["stack", "init"]],
    [["config", "set", "--secret", "messaging:rabbitmqPassword"], rabbitmq.password],
    [["config", "set", "--secret", "messaging:kafkaPassword"], kafka.password],
  ];
  for (const [args, input] of steps) {
    const { code, output: printed } = await pulumi(args, input);
    if (code !== 0) throw new Error(printed);
  }
});

afterAll(async () => {
  await made?.remove();
  await made?.close();
  if (clone) removeClone(clone);
});

/** How many of those made by hand are in the state. */
async function inState() {
  const { stdout } = await pulumi(["stack", "export"]);
  const { resources } = (JSON.parse(stdout) as { deployment: { resources: { urn: string }[] } }).deployment;
  const count = (pattern: RegExp) => resources.filter(({ urn }) => pattern.test(urn)).length;
  return { queues: count(/queue:Queue::work-\d+$/), topics: count(/topic:Topic::by-hand-\d+$/) };
}

const definitions = () => made.api("GET", `definitions/${VHOST}`);

describe("messaging adopt, of brokers where people made 30 queues and 20 topics by hand", () => {
  let before: string;

  it("asks which virtual host, and writes nothing until it knows", async () => {
    before = await definitions();
    const { code, output: printed } = await messaging("adopt");
    expect(code).toBe(1);
    expect(printed).toMatch(/^messaging: --vhost: must be given, as a skill has one and RabbitMQ has .*by-hand/);
  });

  it("writes a skill that is valid, and says what it leaves out and why", async () => {
    const { code, output: printed } = await messaging("adopt", "--vhost", VHOST);
    expect(code, printed).toBe(0);
    expect(printed).toContain("left out: rabbitmq exchange hidden: it is internal: a skill's can be published to");
    expect(printed).toContain(
      "left out: rabbitmq queue gone-with-the-node: it is not durable: everything of a skill is",
    );
    expect(printed).toMatch(/left out: rabbitmq queue limited: it has arguments that cannot be changed.*x-max-length/);
    expect(printed).toMatch(/left out: rabbitmq policy everything: it applies to bills, mail, work-/);
    expect(printed).toContain("left out: sqs queue by-hand-standard: it is no FIFO queue: a skill's are");
    for (const binding of ["events -> mail b two", "events -> mail part*", "dead -> bills.dlq"])
      expect(printed).toContain(`left out: rabbitmq binding ${binding}: `);
    const { rabbitmq, kafka, sqs } = parseSkill(loadSkillFile(join(clone.folder, "skill.adopted.yaml")));
    expect(Object.keys(rabbitmq!.queues)).toHaveLength(32);
    const keys = rabbitmq!.queues.mail!.bindings.map(({ exchange, routingKey }) => `${exchange} ${routingKey}`);
    expect(keys.sort()).toEqual(["by-header ", "events a.one", "events c.three", "events e.five"]);
    expect(rabbitmq!.queues.bills!.deadLetter).toEqual({ retention: "forever" });
    expect(Object.keys(kafka!.topics).filter((name) => name.startsWith("by-hand-"))).toHaveLength(20);
    expect(sqs!.queues["by-hand"]).toMatchObject({ visibilityTimeout: "45s", onPoison: "block" });
    expect(readFileSync(join(clone.folder, "import.json"), "utf8")).not.toContain('"plaintext"');
  });

  it("writes over no file", async () => {
    const { code, output: printed } = await messaging("adopt", "--vhost", VHOST);
    expect(code).toBe(1);
    expect(printed).toBe("messaging: skill.adopted.yaml, import.json: must not exist, or --force be given\n");
  });

  it("takes all of it over, after which the preview changes nothing that is there", async () => {
    renameSync(join(clone.folder, "skill.adopted.yaml"), join(clone.folder, "skill.yaml"));
    const imported = await messaging("adopt", "--import");
    expect(imported.code, imported.output).toBe(0);
    const { code, stdout, output: printed } = await pulumi(["preview", "--json"]);
    expect(code, printed.slice(-3000)).toBe(0);
    const { steps } = JSON.parse(stdout) as {
      // biome-ignore lint/suspicious/noExplicitAny: each type of resource has properties of its own
      steps: { op: string; urn: string; detailedDiff?: Record<string, unknown>; newState?: any }[];
    };
    const changed = steps.filter(({ op }) => op !== "same" && op !== "create");
    // These say now what held for them before: nothing of it is another value.
    const updates = changed.flatMap(({ op, urn, detailedDiff }) =>
      Object.keys(detailedDiff ?? {}).map((property) => `${op} ${urn.split("::").pop()} ${property}`),
    );
    expect(
      updates.filter((line) => !SAID.test(line)),
      printed.slice(0, 3000),
    ).toEqual([]);
    // Steps of what stays as it is are not printed: it is in the state, and neither made nor changed.
    const created = (type: string) => steps.filter(({ op, urn }) => op === "create" && urn.includes(`$${type}::`));
    const letters = created("rabbitmq:index/queue:Queue").map(({ urn }) => urn.split("::").pop()!);
    expect(letters.filter((name) => !/^(work-\d+|mail)\.dlq$/.test(name))).toEqual([]);
    expect(letters).toHaveLength(21);
    // Somebody's own dead letters are kept for as long as before, and the queue's clients may give back as often.
    const policyOf = (queue: string) =>
      steps.find(({ op, urn }) => op === "create" && urn.endsWith(`rabbitmq:index/policy:Policy::${queue}`))?.newState;
    expect(policyOf("bills.dlq")?.inputs.policy.definition).toEqual({ "delivery-limit": "1000000000" });
    expect(Number(policyOf("bills")?.inputs.policy.definition["delivery-limit"])).toBeGreaterThanOrEqual(20);
    for (const type of ["rabbitmq:index/vHost:VHost", "kafka:index/topic:Topic", "aws:sqs/queue:Queue"])
      expect(created(type)).toEqual([]);
    expect(await inState()).toEqual({ queues: 30, topics: 20 });
  });

  it("has changed nothing on the brokers", async () => {
    expect(await definitions()).toBe(before);
  });
});

const SAID =
  /^update (by-hand-(5|10|15|20) config\["(min\.insync\.replicas|unclean\.leader\.election\.enable)"\]|by-hand tags(All)?\["messaging:onPoison"\])$/;
