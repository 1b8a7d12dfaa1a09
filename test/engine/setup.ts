import type { TestProject } from "vitest/node";
import { type Clone, makeClone, npm, removeClone } from "./clone.ts";
import type { Result } from "./command.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** What a configuration says of the environment that its files share. */
    shared: { environment: string; firstPort: number };
    clone: Clone;
    firstRun: Result;
  }
}

/** One environment for all files: made by `npm start` in a fresh clone, taken down by the last file, and here if that did not run. */
export default async function setup(project: TestProject) {
  const { environment, firstPort } = project.getProvidedContext().shared;
  const clone = await makeClone(environment, firstPort);
  console.log(`npm start in ${clone.folder}`);
  const firstRun = await npm(clone, "start");
  console.log(`  ended with ${firstRun.code} after ${Math.round(firstRun.milliseconds / 1000)} s`);
  if (firstRun.code !== 0) console.log(firstRun.output);
  project.provide("clone", clone);
  project.provide("firstRun", firstRun);
  return async () => {
    const down = await npm(clone, "run", "down", "--", "--discard-messages");
    if (down.code !== 0) console.log(down.output);
    else removeClone(clone);
  };
}
