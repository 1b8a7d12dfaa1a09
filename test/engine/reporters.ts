import type { ViteUserConfig } from "vitest/config";

type Reporters = NonNullable<NonNullable<ViteUserConfig["test"]>["reporters"]>;

/** What a run of engine tests prints, and the report that CI counts where it asks for one. */
export function reportersOf(name: string): Reporters {
  const folder = process.env.ENGINE_REPORTS;
  return folder ? ["default", ["json", { outputFile: `${folder}/${name}.json` }]] : ["default"];
}
