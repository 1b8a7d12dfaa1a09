import { createHash } from "node:crypto";
import { ParameterGroup } from "@pulumi/aws/elasticache/parameterGroup.js";
import { ReplicationGroup } from "@pulumi/aws/elasticache/replicationGroup.js";
import { SubnetGroup } from "@pulumi/aws/elasticache/subnetGroup.js";
import { User } from "@pulumi/aws/elasticache/user.js";
import { UserGroup } from "@pulumi/aws/elasticache/userGroup.js";
import * as pulumi from "@pulumi/pulumi";
import { type RedisInstanceSpec, toBytes } from "../../skill/index.ts";
import { type RedisRights, toRights, toRules } from "./acl.ts";
import type { ElastiCacheProvision, RedisEndpoint } from "./provision.ts";

const PORT = 6379;
const GIB = 1024 ** 3;

/** The last Redis that ElastiCache offers, and the Valkey that this was written for. */
const ENGINES = {
  redis: { version: "7.1", family: "redis7" },
  valkey: { version: "8.1", family: "valkey8" },
};

/** Memory of a node in GiB (ElastiCache, supported node types). */
const NODE_TYPES: [string, number][] = [
  ["cache.t4g.micro", 0.5],
  ["cache.t4g.small", 1.37],
  ["cache.t4g.medium", 3.09],
  ["cache.r7g.large", 13.07],
  ["cache.r7g.xlarge", 26.32],
  ["cache.r7g.2xlarge", 52.82],
  ["cache.r7g.4xlarge", 105.81],
  ["cache.r7g.8xlarge", 209.55],
  ["cache.r7g.12xlarge", 317.77],
  ["cache.r7g.16xlarge", 419.09],
];

/** ElastiCache keeps a quarter of a node's memory for snapshots and failovers (reserved-memory-percent). */
const USABLE = 0.75;

/**
 * The smallest type of node that holds so much data.
 * @throws where none does.
 */
export function toNodeType(instance: string, maxMemory: string): string {
  const needed = toBytes(maxMemory);
  const found = NODE_TYPES.find(([, memory]) => memory * USABLE * GIB >= needed);
  if (found) return found[0];
  throw new Error(
    `redis.instances.${instance}.maxMemory: must fit an ElastiCache node (at most 314gb), got ${maxMemory}`,
  );
}

/** An ElastiCache id: at most 40 letters, digits and single -, always the same for the same names. */
export function toUserId(instance: string, user: string): string {
  const digest = createHash("sha256").update(`${instance}/${user}`).digest("hex").slice(0, 8);
  const words = `${instance}-${user}`.toLowerCase().replace(/[^a-z0-9]+/g, "-");
  return `${words.slice(0, 31).replace(/-$/, "")}-${digest}`;
}

/**
 * What a user may do, in the one string that ElastiCache takes. Consumers make their groups: only they reach the VPC. Its last Redis, 7.1,
 * knows no CLIENT SETINFO, which came with 7.2.
 */
export function toAccessString(rights: RedisRights, engine: RedisInstanceSpec["engine"] = "redis"): string {
  const rules = toRules(rights, { consume: ["xgroup|create"] });
  return ["on", ...rules.filter((rule) => engine === "valkey" || rule !== "+client|setinfo")].join(" ");
}

/** Declares a replication group of two or more nodes, encrypted, with snapshots and a user for each app. */
export function declareElastiCache(
  name: string,
  spec: RedisInstanceSpec,
  passwordsOf: (user: string) => pulumi.Output<string>[],
  provision: ElastiCacheProvision,
  opts: pulumi.CustomResourceOptions,
): RedisEndpoint {
  const { tags } = provision;
  const users = [
    // ElastiCache asks for a user of this name in every group; this one may do nothing.
    declareUser(name, "default", "off -@all", passwordsOf("default"), tags, opts),
    ...Object.entries(toRights(spec)).map(([app, rights]) =>
      declareUser(name, app, toAccessString(rights, spec.engine), passwordsOf(app), tags, opts),
    ),
  ];
  const userGroup = new UserGroup(
    name,
    { userGroupId: name, engine: "redis", userIds: users.map((user) => user.userId), tags },
    opts,
  );
  const { family } = ENGINES[spec.engine];
  const parameters = [{ name: "maxmemory-policy", value: "noeviction" }];
  const parameterGroup = new ParameterGroup(name, { name: `${name}-${family}`, family, parameters, tags }, opts);
  const subnetGroup =
    provision.subnetIds && new SubnetGroup(name, { name, subnetIds: provision.subnetIds, tags }, opts);
  const group = new ReplicationGroup(
    name,
    {
      ...toReplicationGroupArgs(name, spec, provision),
      parameterGroupName: parameterGroup.name,
      subnetGroupName: subnetGroup?.name,
      userGroupIds: [userGroup.userGroupId],
    },
    opts,
  );
  return { host: group.primaryEndpointAddress, port: pulumi.output(PORT), tls: true };
}

/** What of a replication group depends on nothing but the skill and the provision. */
export function toReplicationGroupArgs(name: string, spec: RedisInstanceSpec, provision: ElastiCacheProvision) {
  return {
    replicationGroupId: name,
    description: `messaging: ${name}`,
    engine: spec.engine,
    engineVersion: ENGINES[spec.engine].version,
    nodeType: provision.nodeType ?? toNodeType(name, spec.maxMemory),
    numCacheClusters: provision.nodes ?? 2,
    port: PORT,
    automaticFailoverEnabled: true,
    multiAzEnabled: true,
    transitEncryptionEnabled: true,
    transitEncryptionMode: "required",
    atRestEncryptionEnabled: true,
    kmsKeyId: provision.kmsKeyArn,
    securityGroupIds: provision.securityGroupIds,
    snapshotRetentionLimit: provision.snapshotRetentionDays ?? 7,
    tags: provision.tags,
  };
}

function declareUser(
  instance: string,
  userName: string,
  accessString: string,
  passwords: pulumi.Output<string>[],
  tags: Record<string, string> | undefined,
  opts: pulumi.CustomResourceOptions,
): User {
  const authenticationMode = { type: "password", passwords };
  const userId = toUserId(instance, userName);
  return new User(
    `${instance}/${userName}`,
    { userId, userName, engine: "redis", accessString, authenticationMode, tags },
    opts,
  );
}
