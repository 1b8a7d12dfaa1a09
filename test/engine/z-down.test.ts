import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { npm } from "./clone.ts";
import { must } from "./command.ts";

const clone = inject("clone");

describe("npm run down", () => {
  it("leaves no container, volume, network or state", async () => {
    const networks = await must("docker", ["network", "ls", "--format", "{{.Name}}"]);
    const { code, output } = await npm(clone, "run", "down", "--", "--discard-messages");
    expect(code, output).toBe(0);
    for (const kind of [
      ["ps", "-a"],
      ["volume", "ls"],
    ]) {
      expect(await must("docker", [...kind, "--filter", `name=messaging-${clone.environment}-`, "-q"])).toBe("");
    }
    expect(await must("docker", ["network", "ls", "--format", "{{.Name}}"])).toBe(networks);
    const stacks = join(clone.folder, ".state/.pulumi/stacks/messaging");
    expect(
      existsSync(stacks) ? readdirSync(stacks).filter((file) => file.startsWith(`${clone.environment}.json`)) : [],
    ).toEqual([]);
    expect(readFileSync(join(clone.folder, `Pulumi.${clone.environment}.yaml`), "utf8")).not.toContain(
      "encryptionsalt",
    );
  });

  it("may be asked twice", async () => {
    const { code, output } = await npm(clone, "run", "down", "--", "--discard-messages");
    expect(code, output).toBe(0);
  });
});
