import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, inject, it } from "vitest";
import { rules } from "../../policies/rules/index.ts";
import { pulumi, setSecrets, variables } from "./clone.ts";
import { run } from "./command.ts";

const clone = inject("clone");
const PACK = join(clone.folder, "policies");

/** Production, of which nothing answers: a preview of what is all to be created needs no broker. */
const PRODUCTION = {
  "messaging:brokers": "external",
  "messaging:rabbitmq": { endpoint: "https://rabbit.example.org:15671", username: "admin" },
  "messaging:kafka": { bootstrapServers: ["kafka.example.org:9093"], username: "admin" },
  // An endpoint of its own, as without one the provider asks AWS itself who we are.
  "messaging:aws": { region: "eu-central-1", endpoint: "https://aws.example.org:443" },
  "messaging:redis": { provision: "elasticache" },
};

const own = (...args: string[]) => pulumi(clone, ...args, "--stack", "production");
async function configure(config: object): Promise<void> {
  writeFileSync(join(clone.folder, "Pulumi.production.yaml"), `${JSON.stringify({ config })}\n`);
  await setSecrets(clone, "production", { rabbitmqPassword: "x", kafkaPassword: "x" });
}

const foreign = (...args: string[]) =>
  run("npx", ["pulumi", ...args, "--stack", "prod", "--non-interactive"], {
    cwd: join(clone.folder, "test/engine/foreign"),
    env: {
      ...variables(clone),
      PULUMI_BACKEND_URL: `file://${clone.folder}/.state`,
      PULUMI_CONFIG_PASSPHRASE_FILE: join(clone.folder, ".state/passphrase"),
    },
  });

/** The rules that a preview said were broken, each once. */
const broken = (output: string) =>
  [
    ...new Set([...output.matchAll(/- \[(?:mandatory|advisory)\].*? {2}([a-z-]+) {2}\(/g)].map(([, name]) => name!)),
  ].sort();

const all = rules.map(({ name }) => name).sort();

describe("pulumi preview --policy-pack policies", () => {
  afterAll(async () => {
    await own("stack", "rm", "--yes", "--force");
    await foreign("stack", "rm", "--yes", "--force");
    // That unselects the one that is selected.
    await pulumi(clone, "stack", "select", clone.environment);
  });

  it("of our own example in production finds nothing", async () => {
    await pulumi(clone, "stack", "init", "production", "--no-select");
    await configure(PRODUCTION);
    const { code, output } = await own("preview", "--policy-pack", "policies", "--suppress-outputs");
    expect(broken(output)).toEqual([]);
    expect(output).toMatch(/✅ messaging@v[\d.]+/);
    expect(code, output).toBe(0);
  });

  it("tells what is open to the world there", async () => {
    const rabbitmq = { endpoint: "http://rabbit.example.org:15672", username: "admin" };
    await configure({ ...PRODUCTION, "messaging:rabbitmq": rabbitmq });
    const { code, output } = await own("preview", "--policy-pack", "policies", "--suppress-outputs");
    expect(broken(output)).toEqual(["tls"]);
    expect(output).toContain("provider rabbitmq/rabbitmq: must use https://, got http://rabbit.example.org");
    expect(code).not.toBe(0);
  });

  it("of a foreign program tells each rule that it breaks, and fails", async () => {
    const made = await foreign("stack", "init");
    expect(made.code, made.output).toBe(0);
    const { code, output } = await foreign("preview", "--policy-pack", PACK);
    expect(broken(output), output).toEqual(all);
    expect(code).not.toBe(0);
  });

  it("takes its configuration from a file", async () => {
    const file = join(clone.folder, "policy-config.json");
    const config = { all: "advisory", "no-public-port": { except: ["broker"] }, tls: "disabled" };
    writeFileSync(file, JSON.stringify(config));
    const { code, output } = await foreign("preview", "--policy-pack", PACK, "--policy-pack-config", file);
    expect(broken(output)).toEqual(all.filter((name) => !["no-public-port", "tls"].includes(name)));
    expect(code, output).toBe(0);
  });
});
