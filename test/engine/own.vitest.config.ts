import { defineConfig } from "vitest/config";
import { OWN } from "./own.ts";
import { reportersOf } from "./reporters.ts";

/** The files that make their environments by themselves; they may run beside all others. */
export default defineConfig({
  test: {
    include: [...OWN],
    reporters: reportersOf("own"),
    fileParallelism: false,
    sequence: { sequencer: (await import("./sequencer.ts")).ByName },
    testTimeout: 900_000,
    hookTimeout: 1_800_000,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  },
});
