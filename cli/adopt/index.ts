import { existsSync, writeFileSync } from "node:fs";
import { keyOf, takeInventory } from "../../live/inventory/index.ts";
import { loadSkillFile, shown } from "../../skill/index.ts";
import type { Command } from "../arguments.ts";
import { expectedThings } from "../drift/expected/index.ts";
import { administratorsOf, readState } from "../drift/index.ts";
import type { Streams } from "../index.ts";
import { EnvironmentError, environmentName } from "../outputs.ts";
import { withPatience } from "../patience.ts";
import { pulumiSaid, runPulumi } from "../pulumi.ts";
import type { Exported } from "../scratch.ts";
import { readAccess } from "./access.ts";
import { adoptedSkill, type Document } from "./document.ts";
import { asDeclared } from "./imported.ts";
import { planOf } from "./plan.ts";
import { asText, toYaml } from "./text.ts";
import { vhostOf } from "./vhost.ts";

/** `messaging adopt`: a skill of what is on the brokers already, and the file by which Pulumi takes it over. */
export const adopt: Command = {
  name: "adopt",
  operands: { usage: "", most: 0 },
  summary:
    "Write a skill of what the brokers have already, and Pulumi's import file for it. Nothing is changed before --import.",
  options: {
    environment: {
      value: "<env>",
      short: "e",
      summary: "The environment, a Pulumi stack whose configuration says how its brokers are reached. Default: local.",
    },
    vhost: { value: "<name>", summary: "RabbitMQ: the virtual host. Default: the only one that has anything." },
    out: { value: "<file>", summary: "Where the skill is written. Default: skill.adopted.yaml." },
    imports: {
      value: "<file>",
      summary: "Where Pulumi's import file is written, and read by --import. Default: import.json.",
    },
    force: { summary: "Write over files that exist." },
    import: { summary: "Take what the import file names into the environment's state." },
    json: { summary: "Print JSON." },
  },
  async run({ options, streams }) {
    const environment = environmentName(options);
    const { out: skill = "skill.adopted.yaml", imports = "import.json" } = options;
    if (options.import !== undefined) {
      await importInto(environment, imports);
      streams.stdout.write(`${imports}: is in the state of ${environment} now. Next: npx pulumi preview\n`);
      return 0;
    }
    const taken = options.force === undefined ? [skill, imports].filter((file) => existsSync(file)) : [];
    if (taken.length > 0) throw new EnvironmentError(`${taken.join(", ")}: must not exist, or --force be given`);
    const found = await adopted(environment, options, streams);
    writeFileSync(skill, toYaml(found));
    writeFileSync(imports, `${JSON.stringify(found.importFile, null, 2)}\n`, { mode: 0o600 });
    const { leftOut, creates, importFile } = found;
    const asJson = { environment, skill, imports, found: importFile.resources.length, creates, leftOut };
    streams.stdout.write(
      `${options.json === undefined ? asText(found, { skill, imports, environment }) : JSON.stringify(asJson, null, 2)}\n`,
    );
    return 0;
  },
};

async function adopted(environment: string, options: Record<string, string>, streams: Streams) {
  const access = await readAccess(environment, options);
  const { deployment } = await readState(environment, undefined);
  const { things } = await withPatience(streams, () => takeInventory(access));
  const managed = new Set(expectedThings(deployment.resources ?? []).map(keyOf));
  const strangers = things.filter((thing) => !managed.has(keyOf(thing)));
  const base = managed.size > 0 ? (loadSkillFile("skill.yaml") as Document) : undefined;
  const skill = adoptedSkill(strangers, {
    vhost: access.rabbitmq && vhostOf(strangers, options.vhost),
    administrators: administratorsOf(access),
    instances: Object.keys(access.redis ?? {}),
    ...(base && { base }),
  });
  const plan = await planOf(environment, skill.document, things);
  return { ...plan, leftOut: [...skill.leftOut, ...plan.leftOut] };
}

/** Imports, and has what was imported stand in the state as our program says it. Where either fails, the state is as it was before. */
async function importInto(stack: string, file: string): Promise<void> {
  if (!existsSync(file))
    throw new EnvironmentError(`--imports: must name the file that messaging adopt wrote, got ${shown(file)}`);
  const before = await readState(stack, undefined);
  const how = ["--yes", "--skip-preview", "--protect=false", "--generate-code=false", "--suppress-outputs"];
  const done = await runPulumi(["import", "--file", file, ...how, "--stack", stack]);
  if (done.code !== 0) {
    await writeState(stack, before);
    const said = pulumiSaid(`${done.stderr}\n${done.stdout}`);
    throw new EnvironmentError(`environment ${stack}: cannot take in ${file}, and is as before: ${said}`);
  }
  const state = await readState(stack, undefined);
  await writeState(stack, { ...state, deployment: asDeclared(state.deployment) });
}

async function writeState(stack: string, state: Exported): Promise<void> {
  // By force: the state before it may be one that Pulumi cannot read.
  const { code, stderr } = await runPulumi(["stack", "import", "--force", "--stack", stack], {
    input: JSON.stringify(state),
  });
  if (code !== 0) throw new EnvironmentError(`environment ${stack}: cannot be written: ${pulumiSaid(stderr)}`);
}
