import type * as pulumi from "@pulumi/pulumi";
import { deadLetterStreamName, type RedisInstanceSpec, type Skill } from "../../skill/index.ts";
import type { BrokerFlows, SummaryRow } from "../flows.ts";
import { type RedisRights, toRights } from "./acl.ts";
import type { RedisProvision } from "./provision.ts";
import { appPassword, RedisInstance } from "./redisInstance.ts";

export interface RedisFlowsArgs {
  skill: Skill;
  /** The environment's secret, from which the apps' passwords are derived. */
  secret: pulumi.Input<string>;
  provision: RedisProvision;
}

/** Declares the skill's instances; nothing where the skill has no Redis part. */
export function declareFlows(
  { skill, secret, provision }: RedisFlowsArgs,
  opts: pulumi.ComponentResourceOptions,
): BrokerFlows {
  const instances = skill.redis?.instances ?? {};
  const apps: Record<string, Record<string, object>> = {};
  for (const [name, spec] of Object.entries(instances)) {
    const { host, port, tls } = new RedisInstance(name, { spec, secret, provision }, opts);
    for (const [app, rights] of Object.entries(toRights(spec))) {
      const login = { username: app, password: appPassword(secret, name, app) };
      apps[app] = { ...apps[app], [name]: { host, port, tls, ...login, ...toAccess(spec, rights) } };
    }
  }
  return { apps, summary: Object.entries(instances).flatMap(([name, spec]) => toSummary(name, spec, provision.kind)) };
}

/** What an app does on an instance, with what its consumers need to know. */
function toAccess(spec: RedisInstanceSpec, rights: RedisRights) {
  const consumes: Record<string, Record<string, object>> = {};
  for (const { stream, group } of rights.consumes) {
    const { retry } = spec.streams[stream]!.consumers[group]!;
    const deadLetterStream = deadLetterStreamName(stream, group);
    consumes[stream] = { ...consumes[stream], [group]: { group, deadLetterStream, retry } };
  }
  const { publishes, subscribes, produces, keys } = rights;
  return { publishes, subscribes, produces, consumes, keys };
}

/** What keeps an instance's data when its process ends. */
const DURABILITY = {
  container: "append-only file",
  external: "append-only file",
  elasticache: "replicas and daily snapshots",
} as const;

/** One row for the instance and one for each stream. */
export function toSummary(name: string, spec: RedisInstanceSpec, kind: RedisProvision["kind"]): SummaryRow[] {
  const row = (what: string, of: string, detail: string) => ({ broker: "redis", kind: what, name: of, detail });
  return [
    row("instance", name, `${spec.engine}, ${spec.maxMemory}, noeviction, ${DURABILITY[kind]}`),
    ...Object.entries(spec.streams).map(([stream, { consumers }]) =>
      row("stream", `${name}/${stream}`, `groups: ${Object.keys(consumers).join(", ") || "none"}`),
    ),
  ];
}
