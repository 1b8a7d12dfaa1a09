import { type Finding, type Path, shown } from "../problem.ts";
import type { SkillDocument } from "../schema.ts";
import { nearest } from "../suggestion.ts";

interface Section {
  broker: string;
  kind: string;
  flows: readonly string[];
  replace: Record<string, string>;
}

const sectionsOf = ({ rabbitmq, kafka }: SkillDocument): Section[] => [
  ...(rabbitmq
    ? [{ broker: "rabbitmq", kind: "queue", flows: Object.keys(rabbitmq.queues), replace: rabbitmq.replace }]
    : []),
  ...(kafka ? [{ broker: "kafka", kind: "topic", flows: Object.keys(kafka.topics), replace: kafka.replace }] : []),
];

/** What is replaced and what replaces it are both declared, and each is in one replacement only. */
export const replacements = (document: SkillDocument): Finding[] =>
  sectionsOf(document).flatMap((section) =>
    Object.entries(section.replace).flatMap(([before, after]) => {
      const found = problemOf(section, before, after);
      return found ? [{ path: [section.broker, "replace", before], ...found }] : [];
    }),
  );

function problemOf({ broker, kind, flows, replace }: Section, before: string, after: string) {
  const place = `${broker}.${kind}s`;
  if (!flows.includes(before)) {
    return { rule: `be of a ${kind} that ${place} still declares`, got: shown(before) + nearest(before, flows) };
  }
  const others = flows.filter((name) => name !== before);
  const got = shown(after) + nearest(after, others);
  if (!flows.includes(after)) return { rule: `name a ${kind} that ${place} declares`, got };
  if (after === before) return { rule: `name another ${kind} than itself`, got: shown(after) };
  if (Object.hasOwn(replace, after)) {
    return { rule: `name a ${kind} that is not replaced itself`, got: shown(after) };
  }
  const first = Object.keys(replace).find((other) => replace[other] === after)!;
  if (first === before) return undefined;
  return { rule: `name a ${kind} that replaces no other, as it does ${first}`, got: shown(after) };
}

/** A stream keeps what was read, so it can be neither emptied into a queue nor take a queue's place. */
export const replacedStreams = ({ rabbitmq }: SkillDocument): Finding[] =>
  Object.entries(rabbitmq?.replace ?? {}).flatMap(([before, after]) =>
    [before, after]
      .filter((name) => rabbitmq!.queues[name]?.type === "stream")
      .map((name) => ({
        path: ["rabbitmq", "replace", before],
        rule: "be of queues that are no streams, as a stream is not emptied by reading it",
        got: shown(name),
        reads: [["rabbitmq", "queues", name, "type"] as Path],
      })),
  );

/** A new topic that names consumer groups names those of the old one too: each goes on where it stood. */
export const replacedGroups = ({ kafka }: SkillDocument): Finding[] =>
  Object.entries(kafka?.replace ?? {}).flatMap(([before, after]) => {
    const [from, to] = [kafka!.topics[before]?.consumers ?? {}, kafka!.topics[after]?.consumers ?? {}];
    if (Object.keys(to).length === 0) return [];
    return Object.keys(from)
      .filter((group) => !Object.hasOwn(to, group))
      .map((group) => ({
        path: ["kafka", "topics", after, "consumers"],
        rule: `name group ${group} too, which goes on here where it stands on ${before}, or name no group at all`,
        got: Object.keys(to).join(", "),
        reads: [["kafka", "topics", before, "consumers"] as Path],
      }));
  });
