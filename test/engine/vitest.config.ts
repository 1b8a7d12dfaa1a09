import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["test/engine/**/*.test.ts"],
    globalSetup: ["test/engine/setup.ts"],
    fileParallelism: false,
    sequence: { sequencer: (await import("./sequencer.ts")).ByName },
    testTimeout: 900_000,
    hookTimeout: 1_800_000,
    bail: 0,
  },
});
