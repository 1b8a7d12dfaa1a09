import { defineConfig } from "vitest/config";
import { OWN } from "./own.ts";
import { reportersOf } from "./reporters.ts";

export default defineConfig({
  test: {
    include: ["test/engine/*.test.ts"],
    exclude: [...OWN],
    reporters: reportersOf("engine"),
    globalSetup: ["test/engine/setup.ts"],
    fileParallelism: false,
    sequence: { sequencer: (await import("./sequencer.ts")).ByName },
    testTimeout: 900_000,
    hookTimeout: 1_800_000,
    // A notice to users of Node 20, which these tests support on purpose.
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  },
});
