import { defineConfig, type ViteUserConfig } from "vitest/config";
import { ByName } from "./sequencer.ts";

type Options = NonNullable<ViteUserConfig["test"]>;

/** The files of one suite on real brokers, one after the other by their names; CI counts its report, `<name>.json`, where it asks for one. */
export function lane(name: string, test: Options): ViteUserConfig {
  const folder = process.env.ENGINE_REPORTS;
  return defineConfig({
    test: {
      reporters: folder ? ["default", ["json", { outputFile: `${folder}/${name}.json` }]] : ["default"],
      fileParallelism: false,
      sequence: { sequencer: ByName },
      testTimeout: 1_800_000,
      hookTimeout: 1_800_000,
      // A notice to users of Node 20, which these tests support on purpose.
      env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
      ...test,
    },
  });
}
