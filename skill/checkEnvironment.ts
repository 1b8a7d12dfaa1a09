import { acceptedOf } from "./credentials.ts";
import { type Environment, NAMESPACE } from "./environment.ts";
import { portClashes } from "./localPorts.ts";
import { dotted, type Path, type Problem, SkillError, shown } from "./problem.ts";
import type { RedisInstanceSpec } from "./redis.ts";
import type { Skill } from "./schema.ts";
import { nearest } from "./suggestion.ts";
import { toBytes } from "./units.ts";

/** The most data that a node of ElastiCache holds. */
const LARGEST_NODE = "314gb";

/**
 * Checks that an environment has all that its skill needs, and nothing that would have no effect or do harm. `secretKeys`
 * are the secrets that it has, without `messaging:`. Throws one SkillError with every problem.
 */
export function checkEnvironment(skill: Skill, environment: Environment, secretKeys: readonly string[]): void {
  const named = [...unrecorded(skill, environment), ...nobodys(skill, environment)];
  const problems =
    environment.brokers === "local"
      ? [...problemsOfLocal(skill, environment), ...named]
      : [
          ...(environment.localGiven ? idle({ local: environment.local }, [], "brokers is external") : []),
          ...missing(skill, environment, secretKeys),
          ...administrators(skill, environment),
          ...problemsOfRedis(skill, environment),
          ...named,
        ];
  if (problems.length > 0) throw new SkillError(problems);
}

function problemsOfLocal(skill: Skill, environment: Environment): Problem[] {
  const { rabbitmq, kafka, aws, redis, local } = environment;
  return [
    ...idle({ rabbitmq, kafka, aws, redis }, [], "brokers is local"),
    ...strangers(["local", "ports", "redis"], local.ports.redis, instancesOf(skill)),
    ...portClashes(skill, environment),
  ];
}

/** Connections and passwords of brokers that the skill uses and the environment does not have. */
function missing(skill: Skill, environment: Environment, secretKeys: readonly string[]): Problem[] {
  const { rabbitmq, kafka, sqs, redis } = skill;
  const redisBy = redis && environment.redis?.provision;
  const connections = { rabbitmq, kafka, aws: sqs ?? redisBy === "elasticache", redis };
  const passwords = { rabbitmqPassword: rabbitmq, kafkaPassword: kafka, redisPassword: redisBy === "external" };
  return [
    ...used(connections)
      .filter((key) => environment[key] === undefined)
      .map((key) => problem([key], `be set, because the skill uses it and ${NAMESPACE}:brokers is external`)),
    ...used(passwords)
      .filter((key) => !secretKeys.includes(key))
      .map((key) => problem([key], `be set by \`pulumi config set --secret ${NAMESPACE}:${key}\``)),
  ];
}

const used = <Key extends string>(keys: Record<Key, unknown>): Key[] =>
  (Object.keys(keys) as Key[]).filter((key) => keys[key]);

/** Apps whose users would be the administrators themselves: an app's user gets a password and rights of its own. */
function administrators(skill: Skill, { rabbitmq, kafka, redis, credentials }: Environment): Problem[] {
  const usernames = {
    rabbitmq: [rabbitmq?.username],
    kafka: [kafka?.username],
    redis: Object.values(redis?.servers ?? {}).map(({ username }) => username),
  };
  return used({ rabbitmq: skill.rabbitmq, kafka: skill.kafka, redis: skill.redis }).flatMap((broker) =>
    Object.keys(skill.apps)
      .flatMap((app) => acceptedOf(app, credentials).map(({ username }) => ({ app, username })))
      .filter(({ username }) => usernames[broker].includes(username))
      .map(({ app, username }) => ({
        path: dotted(["apps", app]),
        rule: `not be the administrator of ${NAMESPACE}:${broker}`,
        got: shown(username),
      })),
  );
}

/** What is wrong with how Redis is provisioned, where it is. */
function problemsOfRedis(skill: Skill, { redis }: Environment): Problem[] {
  if (redis === undefined) return [];
  const { provision, servers, ...sizes } = redis;
  const instances = instancesOf(skill);
  if (provision === "elasticache") {
    return [
      ...idle({ servers }, ["redis"], "redis.provision is elasticache"),
      // A type of node that the environment names may be larger than any that is known here.
      ...(sizes.nodeType === undefined ? tooLarge(instances) : []),
    ];
  }
  return [
    ...idle(sizes, ["redis"], "redis.provision is external"),
    ...Object.keys(instances)
      .filter((name) => servers?.[name] === undefined)
      .map((name) => problem(["redis", "servers", name], "be set, because the skill uses it")),
    ...strangers(["redis", "servers"], servers ?? {}, instances),
  ];
}

/** Entries of acceptCluster that are no cluster of the environment. Of ElastiCache none is recorded. */
function unrecorded({ rabbitmq, kafka, sqs, redis }: Skill, environment: Environment): Problem[] {
  const servers = environment.redis?.provision === "elasticache" ? [] : Object.keys(redis?.instances ?? {});
  const clusters = [...used({ rabbitmq, kafka, sqs }), ...servers.map((name) => `redis/${name}`)];
  return environment.acceptCluster
    .filter((name) => !clusters.includes(name))
    .map((name) => {
      const got = shown(name) + nearest(name, clusters);
      return { ...problem(["acceptCluster"], "name brokers that the skill uses"), got };
    });
}

/** Entries of credentials that are no app of the skill. */
const nobodys = ({ apps }: Skill, { credentials }: Environment): Problem[] =>
  Object.keys(credentials)
    .filter((name) => !Object.hasOwn(apps, name))
    .map((name) => {
      const got = shown(name) + nearest(name, Object.keys(apps));
      return { ...problem(["credentials", name], "be an app of the skill"), got };
    });

const tooLarge = (instances: Record<string, RedisInstanceSpec>): Problem[] =>
  Object.entries(instances)
    .filter(([, { maxMemory }]) => toBytes(maxMemory) > toBytes(LARGEST_NODE))
    .map(([name, { maxMemory }]) => ({
      path: dotted(["redis", "instances", name, "maxMemory"]),
      rule: `fit an ElastiCache node (at most ${LARGEST_NODE})`,
      got: shown(maxMemory),
    }));

const instancesOf = (skill: Skill): Record<string, RedisInstanceSpec> => skill.redis?.instances ?? {};

/** Keys of a map by instance that name none of the skill's. */
const strangers = (path: Path, given: Record<string, unknown>, instances: Record<string, unknown>): Problem[] =>
  Object.keys(given)
    .filter((name) => !Object.hasOwn(instances, name))
    .map((name) => {
      const got = shown(name) + nearest(name, Object.keys(instances));
      return { ...problem([...path, name], "be an instance of the skill"), got };
    });

/** Keys below a path that are set and have no effect, for what another key says. */
const idle = (keys: Record<string, unknown>, path: Path, because: string): Problem[] =>
  Object.entries(keys)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => problem([...path, key], `not be set while ${NAMESPACE}:${because}`, value));

const problem = (path: Path, rule: string, value?: unknown): Problem => ({
  path: `${NAMESPACE}:${dotted(path)}`,
  rule,
  got: shown(value),
});
