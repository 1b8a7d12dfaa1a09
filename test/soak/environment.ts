import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { type Clone, makeClone, npm, pulumi, removeClone, setSecrets, variables } from "../engine/clone.ts";
import { type Result, run } from "../engine/command.ts";

/** An environment on brokers that are there already, in a clone of its own. */
export interface External {
  clone: Clone;
  /** Writes the skill. */
  skill(skill: object): void;
  /** Sets keys of the stack's configuration, without their `messaging:`; undefined takes one out. */
  configure(config: Record<string, unknown>): void;
  pulumi(...args: string[]): Promise<Result>;
  /** `pulumi up` without a preview, which must succeed. */
  up(): Promise<Result>;
  messaging(...args: string[]): Promise<Result>;
  /** Deletes the clone's files; the brokers keep what is on them. */
  remove(): void;
}

/** Makes the stack, and nothing on the brokers yet. `secrets` are keys such as `rabbitmqPassword`. */
export async function makeExternal(
  name: string,
  skill: object,
  config: Record<string, unknown>,
  secrets: Record<string, string>,
): Promise<External> {
  const clone = await makeClone(name, 29_000);
  const file = join(clone.folder, `Pulumi.${name}.yaml`);
  writeFileSync(file, stringify({ config: { "messaging:brokers": "external" } }));
  const environment: External = {
    clone,
    skill: (given) => writeFileSync(join(clone.folder, "skill.yaml"), stringify(given)),
    configure(given) {
      const settings = parse(readFileSync(file, "utf8"));
      for (const [key, value] of Object.entries(given)) settings.config[`messaging:${key}`] = value;
      // What is undefined is left out.
      writeFileSync(file, stringify(settings));
    },
    pulumi: (...args) => pulumi(clone, ...args),
    async up() {
      const done = await pulumi(clone, "up", "--yes", "--skip-preview", "--suppress-outputs");
      if (done.code !== 0) throw new Error(done.output);
      return done;
    },
    messaging: (...args) =>
      run(process.execPath, ["cli/messaging.mjs", ...args, "-e", name], { cwd: clone.folder, env: variables(clone) }),
    remove: () => removeClone(clone),
  };
  environment.skill(skill);
  environment.configure(config);
  mkdirSync(join(clone.folder, ".state"), { recursive: true });
  writeFileSync(join(clone.folder, ".state/passphrase"), "of the tests");
  const must = async (done: Promise<Result>) => {
    const { code, output } = await done;
    if (code !== 0) throw new Error(output);
  };
  await must(npm(clone, "run", "setup"));
  await must(pulumi(clone, "stack", "init", name));
  await setSecrets(clone, name, secrets);
  return environment;
}
