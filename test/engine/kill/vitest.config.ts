import { defineConfig } from "vitest/config";
import { reportersOf } from "../reporters.ts";

/** What is killed, what a broker does to a provider, and what happens at once, on environments of their own. */
export default defineConfig({
  test: {
    include: ["test/engine/kill/**/*.test.ts"],
    reporters: reportersOf("kill"),
    globalSetup: ["test/engine/kill/setup.ts"],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 900_000,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  },
});
