import { defineConfig } from "vitest/config";
import { reportersOf } from "../reporters.ts";

/** The retry tests, on an environment of their own. */
export default defineConfig({
  test: {
    include: ["test/engine/retry/**/*.test.ts"],
    reporters: reportersOf("retry"),
    globalSetup: ["test/engine/retry/setup.ts"],
    fileParallelism: false,
    sequence: { sequencer: (await import("../sequencer.ts")).OneForTheOther },
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  },
});
