import { describe, expect, inject, it } from "vitest";
import { type Clone, npm, plannedSteps, pulumi, variables } from "./clone.ts";
import { must, run } from "./command.ts";

const clone = inject("clone");
const containers = () =>
  must("docker", ["ps", "-a", "--filter", `name=messaging-${clone.environment}-`, "--format", "{{.ID}} {{.Names}}"]);

describe("when nothing has changed", () => {
  it("npm start changes nothing, within 20 s", async () => {
    const before = await containers();
    const again = await npm(clone, "start");
    expect(again.code, again.output).toBe(0);
    expect(again.output).not.toMatch(/\b(created|updated|replaced|deleted)\b/);
    expect(again.milliseconds).toBeLessThan(20_000);
    expect(await containers()).toBe(before);
    console.log(`second npm start: ${(again.milliseconds / 1000).toFixed(1)} s`);
  });

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
