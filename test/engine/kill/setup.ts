import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeClone, npm, pulumi, removeClone, variables } from "../clone.ts";
import { kills } from "./environment.ts";

/** Below so many kills SQS is left out: a queue of it takes half a minute. */
export const WITH_SQS = 20;

/** Brokers, unless those of an environment are given by `KILL_OUTPUTS`, and a project in which the tests' environments are made. */
export default async function setup() {
  const clone = await makeClone("kill", 26670, "test/engine/skills/kill.yaml");
  process.env.KILL_FOLDER = clone.folder;
  if (process.env.KILL_OUTPUTS) {
    mkdirSync(join(clone.folder, ".state"), { recursive: true });
    writeFileSync(join(clone.folder, ".state/passphrase"), "of the kill tests\n", { mode: 0o600 });
    return () => removeClone(clone);
  }
  if (kills() < WITH_SQS) appendFileSync(join(clone.folder, "Pulumi.kill.yaml"), "  messaging:skill: { sqs: null }\n");
  const down = async () => {
    const ended = await npm(clone, "run", "down", "--", "--discard-messages");
    if (ended.code !== 0) console.log(ended.output);
    else removeClone(clone);
  };
  const started = await npm(clone, "start");
  const { stdout } = await pulumi(clone, "stack", "output", "--json", "--show-secrets");
  if (started.code !== 0 || stdout === "") {
    console.log(started.output);
    await down();
    throw new Error("the kill tests have no brokers");
  }
  const outputs = join(clone.folder, "outputs.json");
  writeFileSync(outputs, stdout, { mode: 0o600 });
  process.env.KILL_OUTPUTS = outputs;
  process.env.KILL_HOME = variables(clone).PULUMI_HOME;
  return down;
}
