import { describe, expect, inject, it } from "vitest";
import { npm } from "./clone.ts";
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
});
