import { describe, expect, it } from "vitest";
import { passwordFrom } from "../../../components/password.ts";
import { toAccessString, toNodeType, toReplicationGroupArgs, toUserId } from "../../../components/redis/elasticache.ts";
import { RedisInstance } from "../../../components/redis/index.ts";
import { registered, secret } from "../../mocks.ts";
import { example } from "./example.ts";

describe("an ElastiCache node", () => {
  it.each([
    ["16mb", "cache.t4g.micro"],
    ["384mb", "cache.t4g.micro"],
    ["385mb", "cache.t4g.small"],
    ["9gb", "cache.r7g.large"],
    ["314gb", "cache.r7g.16xlarge"],
  ])("for %s is %s", (maxMemory, nodeType) => {
    expect(toNodeType("cache", maxMemory)).toBe(nodeType);
  });

  it("is refused for more than the largest holds", () => {
    expect(() => toNodeType("cache", "315gb")).toThrowErrorMatchingInlineSnapshot(
      `[Error: redis.instances.cache.maxMemory: must fit an ElastiCache node (at most 314gb), got 315gb]`,
    );
  });
});

describe("an ElastiCache user's id", () => {
  it.each([
    ["notifications", "order-service"],
    ["n", "A__b"],
    ["a-name-of-thirty-two-characters-x", "x".repeat(64)],
  ])("of %s and %s is legal", (instance, app) => {
    expect(toUserId(instance, app)).toMatch(/^[a-z](-?[a-z0-9])*$/);
    expect(toUserId(instance, app).length).toBeLessThanOrEqual(40);
  });

  it("differs where only case or punctuation does", () => {
    expect(toUserId("n", "a_b")).not.toBe(toUserId("n", "a-b"));
  });
});

describe("an ElastiCache replication group", () => {
  const all = () =>
    registered(() => {
      const provision = {
        kind: "elasticache" as const,
        subnetIds: ["subnet-1"],
        securityGroupIds: ["sg-1"],
        tags: { team: "t" },
      };
      return new RedisInstance("cache", { spec: example, secret: "s", provision });
    });

  it("is encrypted, in two zones, with snapshots, behind its users", async () => {
    const group = (await all()).find(({ type }) => type === "aws:elasticache/replicationGroup:ReplicationGroup");
    expect(group?.inputs).toEqual({
      replicationGroupId: "cache",
      description: "messaging: cache",
      engine: "redis",
      engineVersion: "7.1",
      nodeType: "cache.t4g.micro",
      numCacheClusters: 2,
      port: 6379,
      automaticFailoverEnabled: true,
      multiAzEnabled: true,
      transitEncryptionEnabled: true,
      transitEncryptionMode: "required",
      atRestEncryptionEnabled: true,
      securityGroupIds: ["sg-1"],
      snapshotRetentionLimit: 7,
      tags: { team: "t" },
      parameterGroupName: "cache-redis7",
      subnetGroupName: "cache",
      userGroupIds: ["cache"],
    });
  });

  it("evicts nothing", async () => {
    const parameters = (await all()).find(({ type }) => type === "aws:elasticache/parameterGroup:ParameterGroup");
    expect(parameters?.inputs).toMatchObject({
      family: "redis7",
      parameters: [{ name: "maxmemory-policy", value: "noeviction" }],
    });
  });

  it("has a default user that is off and one user an app with a secret password", async () => {
    const users = (await all()).filter(({ type }) => type === "aws:elasticache/user:User");
    expect(users.map(({ inputs }) => inputs.userName)).toEqual([
      "default",
      "fulfilment",
      "notification-service",
      "order-service",
    ]);
    expect(users[0]?.inputs.accessString).toBe("off -@all");
    expect(users[1]?.inputs).toMatchObject({
      engine: "redis",
      authenticationMode: { type: "password", passwords: [secret(passwordFrom("s", "redis/cache/fulfilment"))] },
    });
  });

  it("lets a consumer make its group, as nobody else reaches it", () => {
    const rights = { publishes: [], subscribes: [], produces: [], consumes: [{ stream: "s", group: "g" }], keys: [] };
    // CLIENT SETINFO came with Redis 7.2; ElastiCache ends at 7.1, and Valkey began with 7.2.
    expect(toAccessString(rights)).not.toContain("client|setinfo");
    expect(toAccessString(rights, "valkey")).toContain(" +client|setinfo ");
    expect(toAccessString(rights)).toMatch(/^on .* ~s -@all \+xreadgroup .* \+xgroup\|create\)$/);
  });

  it("says what the provision says", () => {
    const provision = {
      kind: "elasticache" as const,
      nodeType: "cache.m7g.large",
      nodes: 3,
      snapshotRetentionDays: 30,
      kmsKeyArn: "k",
    };
    expect(toReplicationGroupArgs("c", { ...example, engine: "valkey" }, provision)).toMatchObject({
      engine: "valkey",
      engineVersion: "8.1",
      nodeType: "cache.m7g.large",
      numCacheClusters: 3,
      snapshotRetentionLimit: 30,
      kmsKeyId: "k",
    });
  });
});
