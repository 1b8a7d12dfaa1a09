import type * as pulumi from "@pulumi/pulumi";
import {
  acceptedOf,
  type Credentials,
  deadLetterStreamName,
  deliveries,
  type RedisInstanceSpec,
  retryDelays,
  type Skill,
} from "../../skill/index.ts";
import type { BrokerFlows, SummaryRow } from "../flows.ts";
import { type RedisRights, toRights } from "./acl.ts";
import type { RedisProvision } from "./provision.ts";
import { appPassword, RedisInstance } from "./redisInstance.ts";

export interface RedisFlowsArgs {
  skill: Skill;
  /** The environment's secret, from which the apps' passwords are derived. */
  secret: pulumi.Input<string>;
  /** The apps' credentials. Default: the first of each. */
  credentials?: Credentials;
  provision: RedisProvision;
}

/** Declares the skill's instances; nothing where the skill has no Redis part. */
export function declareFlows(
  { skill, secret, credentials, provision }: RedisFlowsArgs,
  opts: pulumi.ComponentResourceOptions,
): BrokerFlows {
  const instances = skill.redis?.instances ?? {};
  const apps: Record<string, Record<string, object>> = {};
  const operator: Record<string, object> = {};
  for (const [name, spec] of Object.entries(instances)) {
    const args = { spec, secret, credentials, provision };
    const { host, port, tls, ca, administrator } = new RedisInstance(name, args, opts);
    const server = { host, port, tls, ...(ca && { ca }) };
    if (administrator) operator[name] = { ...server, ...administrator, deadLetters: toDeadLetters(name, spec) };
    for (const [app, rights] of Object.entries(toRights(spec))) {
      const [current] = acceptedOf(app, credentials);
      const username = provision.kind === "elasticache" ? app : current.username;
      const login = { username, password: appPassword(secret, name, current) };
      apps[app] = { ...apps[app], [name]: { ...server, ...login, ...toAccess(spec, rights) } };
    }
  }
  return {
    apps,
    ...(Object.keys(operator).length > 0 && { operator }),
    summary: Object.entries(instances).flatMap(([name, spec]) => toSummary(name, spec, provision.kind)),
  };
}

/** Where dead letters are, by the name that commands know a consumer group of a stream by. */
export const toDeadLetters = (instance: string, { streams }: RedisInstanceSpec) =>
  Object.entries(streams).flatMap(([stream, { consumers }]) =>
    Object.keys(consumers).map((group) => ({
      flow: `redis/${instance}/${stream}/${group}`,
      stream,
      group,
      deadLetterStream: deadLetterStreamName(stream, group),
    })),
  );

/** What an app does on an instance, with what its consumers need to know. */
export function toAccess(spec: RedisInstanceSpec, rights: RedisRights) {
  const consumes: Record<string, Record<string, ReturnType<typeof toSubscription>>> = {};
  for (const { stream, group } of rights.consumes) {
    consumes[stream] = { ...consumes[stream], [group]: toSubscription(spec, stream, group) };
  }
  const { publishes, subscribes, produces, keys } = rights;
  return { publishes, subscribes, produces, consumes, keys };
}

/** What a consumer of a group knows of failures; the delays are milliseconds before each retry. */
function toSubscription({ streams }: RedisInstanceSpec, stream: string, group: string) {
  const { retry } = streams[stream]!.consumers[group]!;
  const deadLetterStream = deadLetterStreamName(stream, group);
  return { group, maxAttempts: retry.maxAttempts, delays: retryDelays(retry), deadLetterStream, retry };
}

/** What keeps an instance's data when its process ends. */
const DURABILITY = {
  container: "append-only file",
  external: "append-only file",
  elasticache: "replicas and daily snapshots",
} as const;

/** One row for the instance, one for each stream and one for the dead letters of each of its groups. */
export function toSummary(name: string, spec: RedisInstanceSpec, kind: RedisProvision["kind"]): SummaryRow[] {
  const row = (what: string, of: string, detail: string) => ({ broker: "redis", kind: what, name: of, detail });
  return [
    row("instance", name, `${spec.engine}, ${spec.maxMemory}, noeviction, ${DURABILITY[kind]}`),
    ...Object.entries(spec.streams).flatMap(([stream, { consumers }]) => [
      row("stream", `${name}/${stream}`, `groups: ${Object.keys(consumers).join(", ") || "none"}`),
      ...Object.entries(consumers).map(([group, { retry }]) =>
        row(
          "dead-letter stream",
          `${name}/${deadLetterStreamName(stream, group)}`,
          `after ${deliveries(retry.maxAttempts)}`,
        ),
      ),
    ]),
  ];
}
