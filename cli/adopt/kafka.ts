import type { Thing } from "../../live/inventory/index.ts";
import { toDuration } from "./durations.ts";
import { type Adopted, type LeftOut, OF_A_USER, OTHER_PASSWORD } from "./leftOut.ts";

const RETENTION = "retention.ms";
const IN_SYNC = "min.insync.replicas";
const UNCLEAN = "unclean.leader.election.enable";

/** What a skill says of every topic; undefined where there is none. */
export function adoptKafka(all: readonly Thing[], administrator: string): Adopted | undefined {
  const here = all.filter(({ broker }) => broker === "kafka");
  const topics = here.filter(({ kind, name }) => kind === "topic" && !name.startsWith("__"));
  if (topics.length === 0) return undefined;
  return {
    section: { topics: Object.fromEntries(topics.map((topic) => [topic.name, toTopic(topic)])) },
    leftOut: here.flatMap((thing) => reasonOf(thing, administrator)),
  };
}

function toTopic({ properties, defaults = {} }: Thing): Record<string, unknown> {
  const { partitions, replicationFactor, [RETENTION]: retention = defaults[RETENTION], ...own } = properties;
  // What a skill's topic would say by default, and this one does not: what holds for it now is said.
  const now = { [IN_SYNC]: own[IN_SYNC] ?? defaults[IN_SYNC], [UNCLEAN]: own[UNCLEAN] ?? defaults[UNCLEAN] };
  const config = Object.entries({ ...own, ...now }).filter(
    ([key, value]) => value !== undefined && !isDefault(key, value, replicationFactor),
  );
  return {
    partitions: Number(partitions),
    replicationFactor: Number(replicationFactor),
    ...(retention !== undefined && { retention: retention === "-1" ? "forever" : toDuration(Number(retention)) }),
    ...(config.length > 0 && { config: Object.fromEntries(config) }),
  };
}

/** Whether a skill's topic has this value without saying it. */
function isDefault(key: string, value: string, replicationFactor = "1"): boolean {
  if (key === UNCLEAN) return value === "false";
  return key === IN_SYNC && value === String(Math.min(2, Math.max(1, Number(replicationFactor) - 1)));
}

function reasonOf({ kind, name, properties }: Thing, administrator: string): LeftOut[] {
  if (name === administrator || properties.principal === `User:${administrator}`) return [];
  if (kind === "user") return [{ what: `kafka user ${name}`, reason: OTHER_PASSWORD }];
  if (kind === "acl" || kind === "quota") return [{ what: `kafka ${kind} ${name}`, reason: OF_A_USER }];
  return [];
}
