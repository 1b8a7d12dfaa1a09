import { patternsOf, type Thing } from "../../../live/inventory/index.ts";
import { deadLetterStreamName } from "../../../skill/index.ts";
import type { Class } from "../compare.ts";
import type { Classify } from "./index.ts";

const foreign: Class = { status: "foreign" };
const orphan = (reason: string): Class => ({ status: "orphan", reason });
const ours = (reason: string): Class => ({ status: "managed", reason });

/** What is not ours on a Redis server. */
export const classifyRedis: Classify = (stranger, mine, administrator) => {
  const groups = mine.filter(({ kind }) => kind === "group").map(({ name }) => splitGroup(name));
  const reached = mine
    .filter(({ kind }) => kind === "user")
    .flatMap(({ properties }) => allPatterns(properties.rights));
  if (stranger.kind === "user") return ofUser(stranger, reached, administrator);
  const [stream] = stranger.kind === "group" ? splitGroup(stranger.name) : [stranger.name];
  const isOurs = groups.some(([own]) => own === stream) || reached.includes(`~${stream}`);
  if (stranger.kind === "group") return isOurs ? orphan(`it keeps messages of our stream ${stream}`) : foreign;
  if (isOurs || stream.startsWith("messaging:")) return ours("what an app makes when it first needs it");
  const letters = groups.some(([own, group]) => deadLetterStreamName(own, group) === stream);
  if (letters) return ours("dead letters");
  const gone = groups.find(([own]) => stream.startsWith(`${own}.`) && stream.endsWith(".dlq"));
  return gone ? orphan(`its name is that of dead letters of our stream ${gone[0]}`) : foreign;
};

/** `stream/group`; a group's name has no slash, a stream's may. */
function splitGroup(name: string): [string, string] {
  const slash = name.lastIndexOf("/");
  return [name.slice(0, slash), name.slice(slash + 1)];
}

const allPatterns = (rights = ""): string[] => [
  ...patternsOf(rights, "~").map((pattern) => `~${pattern}`),
  ...patternsOf(rights, "&").map((pattern) => `&${pattern}`),
];

function ofUser(
  { name, properties: { rights = "" } }: Thing,
  reached: readonly string[],
  administrator: string,
): Class {
  if (name === administrator) return ours("the administrator");
  if (!/^(.* )?on( |$)/.test(rights.split(" (")[0]!)) return { ...foreign, reason: "it is off" };
  const hit = allPatterns(rights).find((pattern) => reached.some((own) => meet(pattern, own)));
  return hit === undefined ? foreign : orphan(`it reaches ${hit}, which our apps use`);
}

/** Whether two patterns of one kind can mean the same key or channel: what stands before their first wildcard decides. */
function meet(one: string, other: string): boolean {
  const [first, second] = [beginning(one), beginning(other)];
  if (one === first && other === second) return one === other;
  if (one === first) return one.startsWith(second);
  if (other === second) return other.startsWith(first);
  return first.startsWith(second) || second.startsWith(first);
}

const beginning = (pattern: string): string => /^[^*?[\\]*/.exec(pattern)![0];
