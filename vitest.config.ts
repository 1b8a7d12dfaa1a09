import { defineConfig } from "vitest/config";

const outside = ["test/engine/**", "test/soak/**", "node_modules/**"];
// The program runs when it is imported, once in a process: its tests need a process for each file.
const program = ["test/infra/*.test.ts"];

export default defineConfig({
  test: {
    testTimeout: 20_000,
    projects: [
      {
        extends: true,
        // Loading the SDK takes most of the time of a file; files share it, as no test leaves anything behind.
        test: { name: "unit", include: ["test/**/*.test.ts"], exclude: [...outside, ...program], isolate: false },
      },
      { extends: true, test: { name: "program", include: program } },
    ],
  },
});
