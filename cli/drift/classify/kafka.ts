import type { Thing } from "../../../live/inventory/index.ts";
import type { Class } from "../compare.ts";
import type { Classify } from "./index.ts";

const foreign: Class = { status: "foreign" };
const orphan = (reason: string): Class => ({ status: "orphan", reason });

/** What is not ours on Kafka. */
export const classifyKafka: Classify = (stranger, ours, administrator) => {
  if (stranger.kind === "topic") return ofTopic(stranger, ours);
  if (stranger.kind === "acl") return ofAcl(stranger, ours, administrator);
  if (stranger.kind === "quota") return ofQuota(stranger, ours);
  return stranger.name === administrator ? { status: "managed", reason: "the administrator" } : foreign;
};

/** How the names of retry and dead-letter topics end, after their work topic's name and their group's. */
const DERIVED = /\.(retry\.\d+|dlt)$/;

function ofTopic({ name }: Thing, ours: readonly Thing[]): Class {
  const of = ours.find((each) => each.kind === "topic" && name.startsWith(`${each.name}.`));
  return of && DERIVED.test(name)
    ? orphan(`its name is that of a retry or dead-letter topic of our ${of.name}`)
    : foreign;
}

function ofAcl({ properties: acl }: Thing, ours: readonly Thing[], administrator: string): Class {
  if (acl.principal === `User:${administrator}`) return { status: "managed", reason: "the administrator's" };
  const user = ours.find(({ kind, name }) => kind === "user" && acl.principal === `User:${name}`);
  if (user) return orphan(`it is of our app ${user.name}`);
  const names = acl.resourceType === "Group" ? groupsOf(ours) : acl.resourceType === "Topic" ? topicsOf(ours) : [];
  const hit = names.find((name) => reaches(acl, name));
  if (hit !== undefined) return orphan(`it is for our ${acl.resourceType!.toLowerCase()} ${hit}`);
  // What is for everybody is for our apps too.
  return acl.principal === "User:*" ? orphan("it is for every user, our apps among them") : foreign;
}

const topicsOf = (ours: readonly Thing[]) => ours.filter(({ kind }) => kind === "topic").map(({ name }) => name);

const groupsOf = (ours: readonly Thing[]) =>
  ours.flatMap(({ kind, properties }) =>
    kind === "acl" && properties.resourceType === "Group" ? [properties.resourceName!] : [],
  );

const reaches = ({ patternType, resourceName = "" }: Thing["properties"], name: string): boolean =>
  patternType === "Prefixed" ? name.startsWith(resourceName) : resourceName === "*" || resourceName === name;

function ofQuota({ name }: Thing, ours: readonly Thing[]): Class {
  if (name.includes("<default>")) return orphan("it is for everybody who has none of their own");
  const user = ours.find((each) => each.kind === "user" && name.split(", ").includes(`user ${each.name}`));
  return user ? orphan(`it limits our app ${user.name}`) : foreign;
}
