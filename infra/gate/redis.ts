import type { Holding, RedisLook } from "../../live/index.ts";
import { mebibytes } from "../../skill/index.ts";
import type { Guarded, Properties } from "./guarded.ts";
import { Unreachable } from "./known.ts";
import { lowered } from "./limits.ts";
import { asking as askingBroker, type Run } from "./run.ts";

const asking = <T>(run: Run, instance: string, ask: (redis: RedisLook) => Promise<T>): Promise<T> => {
  const unknown = `nothing says how Redis ${instance} is reached: keep messaging:redis.servers.${instance} until all of it is gone`;
  return askingBroker(run, (look) => look.redis(instance), unknown, ask);
};

/** Resources of an instance are named `<instance>/...` in the program. */
const instanceOf = (resource: string): string => resource.slice(0, resource.indexOf("/"));

const consumerGroup: Guarded = {
  kind: "consumer group",
  name: ({ name, inputs }) => `redis/${instanceOf(name)}/${inputs.stream}/${inputs.group}`,
  /** The stream stays with its entries; what goes is what the group has in hand, and how far it has read. */
  holding: ({ name, inputs }, run) =>
    asking(run, instanceOf(name), (redis) => redis.group(inputs.stream, inputs.group)),
  exists: async ({ stream, group }, run, resource) =>
    (await asking(run, instanceOf(resource), (redis) => redis.group(stream, group))) !== undefined,
};

const user: Guarded = {
  kind: "user",
  rights: true,
  name: ({ name, inputs }) => `redis/${instanceOf(name)}/user/${inputs.name}`,
  exists: ({ name }, run, resource) => asking(run, instanceOf(resource), (redis) => redis.exists(name)),
};

/** Why a server that is in use does not get so little memory: an `up` that only lowers a number would stop every producer. */
async function tooLittle(instance: string, { parameters }: Properties, run: Run): Promise<string | undefined> {
  const memory = Number(parameters?.maxmemory);
  const used = await asking(run, instance, (redis) => redis.usedMemory());
  if (!(memory <= used)) return undefined;
  return [
    `redis/${instance}: must have a maxMemory above the ${mebibytes(used)} that are in use, got ${mebibytes(memory)}: the server would refuse every write.`,
    "  Keep a larger maxMemory until less is in use: read or trim streams, drop dead letters, delete keys.",
  ].join("\n");
}

const settings: Guarded = {
  kind: "settings",
  name: ({ name }) => `redis/${name}/settings`,
  create: (inputs, run, instance) => tooLittle(instance, inputs, run),
  change: async (before, after, run, { name: instance }) =>
    lowered(["maxmemory"], before.parameters, after.parameters).length > 0
      ? tooLittle(instance, after, run)
      : undefined,
};

/** What AWS makes a replication group anew for. */
const FIXED = ["engine", "port", "subnetGroupName", "kmsKeyId", "atRestEncryptionEnabled"];

const replicationGroup: Guarded = {
  kind: "server",
  name: ({ inputs }) => `redis/${inputs.replicationGroupId}`,
  holding: async () => {
    throw new Unreachable("an ElastiCache server answers inside its VPC only");
  },
  fixed: (before, after) =>
    // Plugins that were built before kept a yes or no as text.
    FIXED.filter((key) => after[key] !== undefined && String(before[key]) !== String(after[key])).map(
      (key) => `${key}, ${before[key] ?? "none"}, got ${after[key]}`,
    ),
  instead: () =>
    "declare the new instance beside it under another name, move the apps and their data there, and take this one out of the skill",
};

/** What stands before each type of Redis's resources. */
export const guarded: Record<string, Guarded> = {
  "messaging-extras:redis:ConsumerGroup": consumerGroup,
  "messaging-extras:redis:Settings": settings,
  "messaging-extras:redis:User": user,
  "aws:elasticache/replicationGroup:ReplicationGroup": replicationGroup,
};

/** All that the server of an instance holds but for the groups that go by themselves. */
export async function everything(run: Run, instance: string): Promise<Holding> {
  const { empty = [], ...held } = await asking(run, instance, (redis) => redis.server());
  const staying = empty.filter((group) => !run.leaving.has(`redis/${instance}/${group}`));
  return { ...held, ...(staying.length > 0 && { empty: staying }) };
}
