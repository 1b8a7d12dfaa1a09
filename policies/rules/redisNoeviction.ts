import { knownFields, list, text, UNKNOWN } from "../plain.ts";
import { resourceRule } from "../rule.ts";
import { calledOf, type Seen } from "../seen.ts";

const PARAMETER = "maxmemory-policy";
const WANTED = "noeviction";

/** A full server refuses; it never drops what was confirmed. */
export const redisNoeviction = resourceRule({
  name: "redis-noeviction",
  description: "A Redis or Valkey server evicts nothing.",
  severity: "critical",
  remedy:
    "Set maxmemory-policy to noeviction: in a ParameterGroup of the replication group's own, in its Settings, or in the container's command. " +
    "A server that is only a cache goes into the rule's `except`.",
  check: (resource) => {
    const got = CHECKS[resource.type]?.(resource);
    return got === undefined ? [] : [`redis/${calledOf(resource)}: must have ${PARAMETER} ${WANTED}, got ${got}`];
  },
});

/** By type: what a resource has instead; undefined where it is as it must be, or cannot be told. */
const CHECKS: Record<string, (resource: Seen) => string | undefined> = {
  "aws:elasticache/parameterGroup:ParameterGroup": ({ props }) => {
    if (!/^(redis|valkey)/.test(text(props.family) ?? "") || props.parameters === UNKNOWN) return undefined;
    const parameters = list(props.parameters).map(knownFields);
    const found = parameters.find(({ name }) => name === PARAMETER);
    return found ? other(found.value) : "none, which is volatile-lru there";
  },
  "aws:elasticache/replicationGroup:ReplicationGroup": ({ props }) => groupOf(props.parameterGroupName),
  "aws:elasticache/cluster:Cluster": ({ props }) =>
    props.engine === "memcached" || props.replicationGroupId !== undefined
      ? undefined
      : groupOf(props.parameterGroupName),
  "aws:elasticache/serverlessCache:ServerlessCache": ({ props }) =>
    props.engine === "memcached" ? undefined : "volatile-lru, which a serverless cache cannot change",
  "messaging-extras:redis:Settings": ({ props }) => {
    const { [PARAMETER]: value } = knownFields(props.parameters);
    return value === undefined ? undefined : other(value);
  },
  "docker:index/container:Container": ({ props }) => {
    const words = list(props.command).map(String);
    const flag = words.findIndex((word) => word.toLowerCase() === `--${PARAMETER}`);
    return flag === -1 ? undefined : other(words[flag + 1]);
  },
};

/** A group of the user's own is looked at itself. */
function groupOf(parameterGroupName: unknown): string | undefined {
  if (parameterGroupName === UNKNOWN) return undefined;
  const name = text(parameterGroupName);
  if (name === undefined) return "no parameterGroupName, which is volatile-lru";
  return name.startsWith("default.") ? `parameterGroupName ${name}, which is volatile-lru` : undefined;
}

const other = (value: unknown) => (value === WANTED || value === UNKNOWN ? undefined : String(value));
