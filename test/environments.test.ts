import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  checkEnvironment,
  loadSkillFile,
  parseEnvironment,
  parseEnvironmentSkill,
  SkillError,
} from "../skill/index.ts";
import { ownConfig } from "../toolchain/settings.ts";

const root = join(import.meta.dirname, "..");
const files = readdirSync(root).filter((file) => /^Pulumi\.(local|dev|staging|prod)\.yaml$/.test(file));

/** The example's skill and an environment of the project, checked against each other as `pulumi up` does. */
function checked(file: string, secrets: string[]) {
  const environment = parseEnvironment(ownConfig(loadSkillFile(join(root, file))).config);
  const skill = parseEnvironmentSkill(loadSkillFile(join(root, "skill.yaml")), environment.skill, file);
  checkEnvironment(skill, environment, secrets);
  return { environment, skill };
}

function problemsOf(file: string): string[] {
  try {
    checked(file, []);
    return [];
  } catch (error) {
    if (error instanceof SkillError) return error.problems.map(({ path }) => path);
    throw error;
  }
}

describe("the project's environments", () => {
  it("are these, each with comments", () => {
    expect(files).toEqual(["Pulumi.dev.yaml", "Pulumi.local.yaml", "Pulumi.prod.yaml", "Pulumi.staging.yaml"]);
    for (const file of files) expect(readFileSync(join(root, file), "utf8")).toMatch(/^#/);
  });

  it("lack nothing but the passwords that they name", () => {
    const missing = Object.fromEntries(files.map((file) => [file, problemsOf(file)]));
    expect(missing).toEqual({
      "Pulumi.dev.yaml": ["messaging:rabbitmqPassword", "messaging:kafkaPassword", "messaging:redisPassword"],
      "Pulumi.local.yaml": [],
      "Pulumi.prod.yaml": ["messaging:rabbitmqPassword", "messaging:kafkaPassword"],
      "Pulumi.staging.yaml": ["messaging:rabbitmqPassword", "messaging:kafkaPassword"],
    });
    for (const [file, paths] of Object.entries(missing)) {
      const secrets = paths.map((path) => path.replace("messaging:", ""));
      for (const secret of secrets) expect(readFileSync(join(root, file), "utf8")).toContain(secret);
      expect(() => checked(file, secrets)).not.toThrow();
    }
  });

  it("reach their brokers by TLS, but for the local one", () => {
    for (const file of files.filter((name) => name !== "Pulumi.local.yaml")) {
      const { rabbitmq, kafka, redis } = checked(file, [
        "rabbitmqPassword",
        "kafkaPassword",
        "redisPassword",
      ]).environment;
      expect(rabbitmq!.endpoint).toMatch(/^https:/);
      expect(kafka).toMatchObject({ tls: true, saslMechanism: "scram-sha512" });
      for (const { tls } of Object.values(redis!.servers ?? {})) expect(tls).toBe(true);
    }
  });

  it("are in production what the issue of environments asks for", () => {
    const { environment, skill } = checked("Pulumi.prod.yaml", ["rabbitmqPassword", "kafkaPassword"]);
    expect(environment.aws).toMatchObject({
      kmsKeyArn: expect.stringMatching(/^arn:aws:kms:/),
      alarmTopicArn: expect.stringMatching(/^arn:aws:sns:/),
      tags: { environment: "prod" },
    });
    expect(environment.redis).toMatchObject({ provision: "elasticache", nodes: 3, snapshotRetentionDays: 14 });
    expect(environment.redis!.subnetIds).toHaveLength(3);
    expect(environment.redis!.securityGroupIds).toHaveLength(1);
    expect(skill.kafka!.topics["user-events"]).toMatchObject({ partitions: 12, replicationFactor: 3 });
  });
});
