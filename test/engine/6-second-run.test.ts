import { describe, expect, inject, it } from "vitest";
import { type Clone, plannedSteps, pulumi, variables } from "./clone.ts";
import { run } from "./command.ts";

const clone = inject("clone");

describe("when nothing has changed", () => {
  it("npx pulumi preview expects no changes and finds none", async () => {
    const { code, output } = await pulumi(clone, "preview", "--expect-no-changes");
    expect(code, output).toBe(0);
    expect(await plannedSteps(clone)).toEqual([]);
  });

  it("nor is there under another name, by npx pulumi stack rename", async () => {
    const renamed = { ...clone, environment: `${clone.environment}-renamed` };
    const rename = (from: Clone, to: Clone) =>
      pulumi(from, "stack", "rename", to.environment, "--stack", from.environment);
    expect((await rename(clone, renamed)).code).toBe(0);
    try {
      const preview = await pulumi(renamed, "preview", "--expect-no-changes");
      expect(preview.code, preview.output).toBe(0);
      const options = { cwd: clone.folder, env: variables(renamed) };
      const list = await run("npx", ["messaging", "dlq", "list"], options);
      expect(list.code, list.output).toBe(0);
      const recover = await run("npx", ["messaging", "recover"], options);
      expect(recover.stdout, recover.output).toBe("nothing to recover\n");
    } finally {
      expect((await rename(renamed, clone)).code).toBe(0);
    }
  });

  it("npx pulumi refresh finds the brokers as they were made", async () => {
    const { code, output } = await pulumi(clone, "refresh", "--preview-only", "--expect-no-changes");
    expect(code, output).toBe(0);
  });
});
