import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type Clone, pulumi } from "./clone.ts";

/** Changes the clone's skill by code. `restore(clone, "skill.yaml")` puts it back. */
// biome-ignore lint/suspicious/noExplicitAny: a skill as people write it
export function changeSkill(clone: Clone, change: (skill: any) => void): void {
  const file = join(clone.folder, "skill.yaml");
  const skill = parse(readFileSync(file, "utf8"));
  change(skill);
  writeFileSync(file, stringify(skill));
}

/** Sets `messaging:allowDataLoss` of the clone's environment; with nothing, takes it out. */
export function allow(clone: Clone, ...names: string[]): void {
  const file = join(clone.folder, `Pulumi.${clone.environment}.yaml`);
  const settings = parse(readFileSync(file, "utf8"));
  delete settings.config["messaging:allowDataLoss"];
  if (names.length > 0) settings.config["messaging:allowDataLoss"] = names;
  writeFileSync(file, stringify(settings));
}

/** The first lines of what the gate said against a preview or up, without Pulumi's own words, sorted. */
export async function refusals(clone: Clone, ...command: string[]): Promise<string[]> {
  const { code, output } = await pulumi(clone, ...(command.length > 0 ? command : ["preview"]), "--suppress-outputs");
  // Of a resource by its hook; of what an up drops by the program itself.
  const sentence =
    /^ +error: (?:(?:Preview failed: )?before hook "[a-z -]+" failed: (.*)|((?:rabbitmq|kafka|sqs|redis)\/.*))$/gm;
  const said = [...output.matchAll(sentence)].map(([, ofHook, ofProgram]) => ofHook ?? ofProgram!);
  if (code === 0 && said.length > 0) throw new Error(`refused, and exit code 0:\n${output}`);
  return [...new Set(said)].sort();
}
