import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { OperatorAccess } from "../../client/operator.ts";
import { encodings } from "../secrets/forms.ts";
import { type Secret, searcher } from "../secrets/search.ts";
import { inside, output, pulumi } from "./clone.ts";
import { addAdministrators, type Passwords } from "./secrets/administrators.ts";
import { derivedSecrets } from "./secrets/collect.ts";
import { addDocker } from "./secrets/docker.ts";
import { explained, idle, unexplained } from "./secrets/explained.ts";
import { ground, STACK } from "./secrets/ground.ts";
import { haystacks } from "./secrets/haystacks.ts";
import { plant } from "./secrets/planted.ts";
import * as scenario from "./secrets/scenario.ts";
import { watchFiles } from "./secrets/watch.ts";

const clone = inject("clone");
const firstRun = inject("firstRun");
const to = haystacks();

/** A password that no two encodings leave alike. */
const marker = (name: string) => `M4rk>>>/er+${name} "q" & <t> \\ %=${randomBytes(9).toString("hex")}`;
const markers = (name: string): Passwords => ({
  rabbitmq: marker(`${name}-rabbitmq`),
  kafka: marker(`${name}-kafka`),
  redis: marker(`${name}-redis`),
});
const passwords = markers("admin");
const wrong = markers("wrong");

const set = (texts: Passwords, how: string): Secret[] =>
  Object.entries(texts).map(([broker, text]) => ({ kind: `${broker}Password, ${how}`, text }));
const secrets: Secret[] = [...set(passwords, "as set"), ...set(wrong, "wrong")];
let programs: string[] = [];
let pending = 0;
let refusals: string[] = [];
let base: string;
let removeAdministrators = async () => {};
const failures: string[] = [];

/** A step of the scenario. One that fails is told at the end: what was made is taken down all the same. */
async function step(name: string, work: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  await work().catch((error: Error) => failures.push(`${name}: ${error.message}`));
  console.log(`${name}: ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

beforeAll(async () => {
  base = mkdtempSync(join(tmpdir(), "messaging-secrets-"));
  const { temporary, aside } = scenario.folders(base);
  const operator = await output<Required<OperatorAccess>>(clone, "operator");
  removeAdministrators = await addAdministrators(operator, passwords);
  const on = { clone, operator, ground: ground(clone, to, temporary), to, passwords, wrong, aside };
  const learn = async (stack: string, of: string) => {
    const known = secrets.map(({ text }) => text);
    const derived = await derivedSecrets(scenario.asking(clone, stack), of);
    secrets.push(...derived.filter(({ text }) => !known.includes(text)));
  };
  const stops = [
    watchFiles(to, "temporary files", temporary),
    watchFiles(to, "files below .state", join(clone.folder, ".state")),
  ];
  to.add("npm start, the first", firstRun.output);
  await step("up", async () => {
    programs = await scenario.bringUp(on);
  });
  await step("look", () => scenario.lookAtIt(on));
  await step("change", () => scenario.changeIt(on));
  await step("secrets", () => Promise.all([learn(STACK, STACK), learn(clone.environment, "local")]));
  await step("verbs", () => scenario.runVerbs(on));
  await step("kill", async () => {
    pending = await scenario.killIt(on);
  });
  await step("refuse", async () => {
    refusals = await scenario.refuseIt(on);
  });
  await step("npm", () => scenario.runNpm(on));
  await step("docker", () => addDocker(to, "docker", `messaging-${clone.environment}-`));
  scenario.addWhatIsLeft(on);
  await step("destroy", () => scenario.takeDown(on));
  for (const stop of stops) stop();
  secrets.push({ kind: "the passphrase", text: readFileSync(join(clone.folder, ".state/passphrase"), "utf8").trim() });
  const cookie = await inside(clone, "rabbitmq", ["cat", "/var/lib/rabbitmq/.erlang.cookie"]);
  secrets.push({ kind: "RabbitMQ's Erlang cookie", text: cookie.stdout.trim() });
});

afterAll(async () => {
  await pulumi(clone, "stack", "rm", "--yes", "--stack", STACK);
  await pulumi(clone, "stack", "select", clone.environment);
  scenario.removeTraces(clone);
  rmSync(base, { recursive: true, force: true });
  await removeAdministrators();
});

describe("secrets", () => {
  it("would be found: every reader finds one that is planted", async () => {
    const folder = join(base, "planted");
    mkdirSync(folder);
    expect(await plant(clone, folder)).toEqual([
      "compressed files, hex",
      "docker: changed files' names, raw",
      "docker: history of images, raw",
      "docker: inspect of containers, raw",
      "docker: inspect of images, raw",
      "docker: inspect of networks, raw",
      "docker: inspect of volumes, raw",
      "docker: logs, raw",
      "docker: processes inside, raw",
      "files, raw",
      "messaging, raw",
      "npm, raw",
      "passing files, base64 at 1",
      "processes: arguments, raw",
      "processes: environment, raw",
      "pulumi, raw",
    ]);
  });

  it("were looked for in runs that did what they should", () => {
    expect(failures).toEqual([]);
    expect(pending).toBeGreaterThan(0);
    for (const program of ["pulumi", "node", "pulumi-resource-"])
      expect(programs.some((name) => name.startsWith(program.slice(0, 15)))).toBe(true);
    const said = [/the broker refuses marked-admin/, /\berror\b/, /WRONGPASS/, /127\.0\.0\.1:9: must answer/];
    expect(refusals.map((text, at) => said[at]!.test(text))).toEqual([true, true, true, true]);
    // Nothing is printed by it.
    expect(Object.entries(to.sizes()).filter(([, bytes]) => bytes === 0)).toEqual([["pulumi config set", 0]]);
  });

  it("are found nowhere but where it is explained", () => {
    const { hits, bytes } = to.search(searcher(secrets));
    console.log(
      `${secrets.length} secrets x ${Object.keys(to.sizes()).length} places x ${encodings} encodings, ${Math.round(bytes / 1e6)} MB: ${hits.length} hits, all explained by ${explained.length} entries`,
    );
    expect(unexplained(hits)).toEqual([]);
    expect(idle(hits)).toEqual([]);
  });
});
