import { describe, expect, inject, it } from "vitest";
import { npm, plannedSteps, pulumi } from "./clone.ts";
import { must } from "./command.ts";

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

  it("npx pulumi refresh finds the brokers as they were made", async () => {
    const { code, output } = await pulumi(clone, "refresh", "--preview-only", "--expect-no-changes");
    expect(code, output).toBe(0);
  });
});
