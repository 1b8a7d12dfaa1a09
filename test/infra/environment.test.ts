import { describe, expect, it } from "vitest";
import { readEnvironment } from "../../infra/environment.ts";
import { program, resolve } from "../mocks.ts";

const read = (config: Record<string, string>, secretKeys: string[] = []) =>
  program(() => readEnvironment(), { config, secretKeys });

describe("the stack's configuration", () => {
  it("gives structured keys as JSON, and passwords as secrets beside them", async () => {
    const config = {
      "messaging:brokers": "external",
      "messaging:kafka": '{"bootstrapServers":["k:9093"],"username":"root"}',
      "messaging:kafkaPassword": "pw",
      "other:key": "ignored",
    };
    const { outputs } = await read(config, ["messaging:kafkaPassword"]);
    expect(outputs?.environment).toMatchObject({ brokers: "external", kafka: { bootstrapServers: ["k:9093"] } });
    expect(await resolve(outputs!.secrets.kafkaPassword)).toEqual({ value: "pw", isSecret: true });
    expect(outputs?.secrets.redisPassword).toBeUndefined();
  });

  it("is told everything that is wrong with it at once, secrets in clear included", async () => {
    const config = { "messaging:brokers": "both", "messaging:bogus": "1", "messaging:redisPassword": "in clear" };
    await expect(read(config)).rejects.toThrowErrorMatchingInlineSnapshot(`
      [SkillError: messaging:redisPassword: must be set with \`pulumi config set --secret\`, got a value in clear
      messaging:brokers: must be one of local, external, got "both"
      messaging:bogus: must be a known key (brokers, skill, allowDataLoss, allowAccessChange, acceptCluster, credentials, local, rabbitmq, kafka, aws, redis), got "bogus"]
    `);
  });
});
