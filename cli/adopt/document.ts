import type { Thing } from "../../live/inventory/index.ts";
import { type Problem, parseSkill, type RabbitmqBinding, SkillError } from "../../skill/index.ts";
import { valueAt } from "../../skill/shape.ts";
import { adoptKafka } from "./kafka.ts";
import type { Adopted, LeftOut } from "./leftOut.ts";
import { adoptRabbitmq } from "./rabbitmq.ts";
import { adoptRedis } from "./redis.ts";
import { adoptSqs } from "./sqs.ts";

/** A skill as it is written, not yet parsed. */
export type Document = Record<string, unknown>;

/** A skill of what is on the brokers, and what it does not say. */
export interface AdoptedSkill {
  document: Document;
  leftOut: LeftOut[];
}

/** How the brokers are looked at. */
export interface Reading {
  /** Absent: RabbitMQ is not adopted. */
  vhost?: string;
  /** By broker (`redis/<instance>` for Redis): the administrator. */
  administrators: Record<string, string>;
  instances: readonly string[];
  /** The skill that the environment has already; what is found is added to it. */
  base?: Document;
}

/** The skill of these things. `parseSkill` takes it: what breaks a rule of names or of the skill is left out by that rule. */
export function adoptedSkill(things: readonly Thing[], reading: Reading): AdoptedSkill {
  const { vhost, administrators, instances, base } = reading;
  const parts: [string, Adopted | undefined][] = [
    ["rabbitmq", vhost === undefined ? undefined : adoptRabbitmq(things, vhost, administrators.rabbitmq ?? "")],
    ["kafka", adoptKafka(things, administrators.kafka ?? "")],
    ["sqs", adoptSqs(things)],
    ["redis", adoptInstances(things, instances, administrators)],
  ];
  const found = parts.flatMap(([broker, part]) => (part ? [[broker, part.section] as const] : []));
  const document = merge(base ?? { name: "adopted", version: "2.0.0", apps: {} }, Object.fromEntries(found));
  const pruned = withoutProblems(document);
  return {
    document: pruned.document,
    leftOut: [...parts.flatMap(([, part]) => part?.leftOut ?? []), ...pruned.leftOut],
  };
}

function adoptInstances(
  things: readonly Thing[],
  instances: readonly string[],
  administrators: Record<string, string>,
) {
  if (instances.length === 0) return undefined;
  const all = instances.map((name) => [name, adoptRedis(things, name, administrators[`redis/${name}`] ?? "")] as const);
  const said = all.filter(([, { section }]) => Object.keys(section).length > 0);
  return {
    section: { instances: Object.fromEntries(said.map(([name, { section }]) => [name, section])) },
    leftOut: all.flatMap(([, { leftOut }]) => leftOut),
  };
}

/** As many rounds as one thing left out may make another impossible: an exchange, its bindings. */
const ROUNDS = 10;

function withoutProblems(document: Document): AdoptedSkill {
  const leftOut: LeftOut[] = [];
  let draft = document;
  for (let round = 0; round < ROUNDS; round++) {
    const problems = problemsOf(draft);
    if (problems.length === 0) return { document: draft, leftOut };
    const wrong = new Map<string, { place: string[]; reason: string }>();
    for (const { path, rule, got } of problems) {
      const place = entryOf(pathOf(path));
      if (place === undefined) throw new SkillError(problems);
      const reason = `${path}: must ${rule}${got === undefined ? "" : `, got ${got}`}`;
      if (!wrong.has(place.join("\n"))) wrong.set(place.join("\n"), { place, reason });
    }
    for (const { place, reason } of wrong.values()) leftOut.push({ what: nameOf(draft, place), reason });
    // Of a list the last goes first: an index stands for the same entry as long as nothing before it has gone.
    const index = ({ place }: { place: string[] }) => Number(place[4]) || 0;
    for (const { place } of [...wrong.values()].sort((a, b) => index(b) - index(a))) draft = without(draft, place);
  }
  throw new SkillError(problemsOf(draft));
}

/** What of a skill its rules do not allow. */
export function problemsOf(document: Document): readonly Problem[] {
  try {
    parseSkill(document);
    return [];
  } catch (error) {
    if (error instanceof SkillError) return error.problems;
    throw error;
  }
}

/** The keys of a dotted path as problems write it. */
export const pathOf = (dotted: string): string[] =>
  [...dotted.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\.?([A-Za-z0-9_-]+)/g)].map(([, quoted, at, plain]) =>
    quoted === undefined ? (at ?? plain!) : JSON.parse(`"${quoted}"`),
  );

/** What of a skill can be left out alone: a thing (`kafka topics orders`), or a part of one. Undefined: the path is of neither. */
function entryOf(path: readonly string[]): string[] | undefined {
  if (path.length >= 5 && ["bindings", "config", "streams"].includes(path[3]!)) return path.slice(0, 5);
  return path.length >= 3 ? path.slice(0, 3) : undefined;
}

/** What is left out, as people name it: a binding by where it comes from and its key, all else by its path. */
function nameOf(document: Document, place: readonly string[]): string {
  const [, , queue, list] = place;
  if (list !== "bindings") return place.join(" ");
  const { exchange, routingKey, arguments: given } = valueAt(document, place) as Partial<RabbitmqBinding>;
  return `rabbitmq binding ${[exchange, "->", queue, routingKey, given && JSON.stringify(given)].filter(Boolean).join(" ")}`;
}

/** The document without what stands at a place; where nothing does, the same. */
export function without(document: Document, place: readonly string[]): Document {
  const draft = structuredClone(document);
  let holder: unknown = draft;
  for (const key of place.slice(0, -1)) holder = (holder as Document | undefined)?.[key];
  const key = place.at(-1)!;
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else if (typeof holder === "object" && holder !== null) delete (holder as Document)[key];
  return draft;
}

/** Two skills as one: what both say stays as the first says it. */
export function merge(base: Document, found: Document): Document {
  const both = Object.entries(found).map(([key, value]) => {
    const known = base[key];
    return [key, isMap(known) && isMap(value) ? merge(known, value) : (known ?? value)] as const;
  });
  return { ...base, ...Object.fromEntries(both) };
}

const isMap = (value: unknown): value is Document =>
  typeof value === "object" && value !== null && !Array.isArray(value);
