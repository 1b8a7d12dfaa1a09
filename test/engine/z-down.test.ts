import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { connect } from "../../client/index.ts";
import { npm, output } from "./clone.ts";
import { must } from "./command.ts";

const clone = inject("clone");

describe("npm run down", () => {
  it("destroys nothing while messages wait that nobody has consumed, and says how it would", async () => {
    // biome-ignore lint/suspicious/noExplicitAny: the access of one app
    const apps = await output<Record<string, any>>(clone, "apps");
    const client = connect(apps["order-service"]);
    await client.publish("rabbitmq/orders", { body: "waiting", key: "order.created" });
    await client.close();
    const running = ["ps", "--filter", `name=messaging-${clone.environment}-`, "--format", "{{.ID}}"];
    const before = await must("docker", running);
    const { code, output: printed } = await npm(clone, "run", "down");
    expect(code, printed).toBe(1);
    expect(printed).toMatch(/rabbitmq\/orders holds \d+ messages? \(\d+ ready\): deleting it would lose (it|them)\./);
    expect(printed).toContain("To destroy the environment with all of it: npm run down -- --discard-messages");
    expect(await must("docker", running)).toBe(before);
  });

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
