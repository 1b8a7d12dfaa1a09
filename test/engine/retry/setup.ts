import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeClone, npm, pulumi, removeClone } from "../clone.ts";

/** An environment of the retry tests' skill, unless one is given by `RETRY_OUTPUTS` and `RETRY_ENVIRONMENT`. */
export default async function setup() {
  if (process.env.RETRY_OUTPUTS) return;
  const clone = await makeClone("retry", 23670, "test/engine/skills/retry.yaml");
  const down = async () => {
    const ended = await npm(clone, "run", "down", "--", "--discard-messages");
    if (ended.code !== 0) console.log(ended.output);
    else removeClone(clone);
  };
  const started = await npm(clone, "start");
  console.log(
    `npm start in ${clone.folder} ended with ${started.code} after ${Math.round(started.milliseconds / 1000)} s`,
  );
  const { stdout } = await pulumi(clone, "stack", "output", "--json", "--show-secrets");
  const outputs = join(clone.folder, "outputs.json");
  if (started.code !== 0 || stdout === "") {
    console.log(started.output);
    await down();
    throw new Error("the retry tests have no environment");
  }
  writeFileSync(outputs, stdout, { mode: 0o600 });
  process.env.RETRY_OUTPUTS = outputs;
  process.env.RETRY_ENVIRONMENT = clone.environment;
  return down;
}
