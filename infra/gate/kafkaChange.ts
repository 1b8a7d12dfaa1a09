import { deadLetterTopicName, type Skill } from "../../skill/index.ts";

/** The skill's topic that a topic is made for: itself, or the one whose retries or dead letters it holds; undefined: none. */
export function ownerOf({ kafka }: Skill, name: string): string | undefined {
  if (!kafka || Object.hasOwn(kafka.topics, name)) return kafka && name;
  const made = Object.entries(kafka.topics).find(([topic, { consumers }]) =>
    Object.keys(consumers).some(
      (group) =>
        name === deadLetterTopicName(topic, group) ||
        (name.startsWith(`${topic}.${group}.retry.`) && /\.\d+$/.test(name)),
    ),
  );
  return made?.[0];
}

interface Growth {
  /** The skill's topic. */
  owner: string | undefined;
  /** Partitions. */
  before: number;
  after: number;
}

/**
 * Why a topic with keys does not get more partitions; undefined where it may. Of its retry and dead-letter topics it is said too: they
 * come first, and what fails there keeps the engine from asking for the topic itself.
 */
export function repartition({ owner, before, after }: Growth, { kafka }: Skill): string | undefined {
  const spec = owner === undefined ? undefined : kafka?.topics[owner];
  if (!(after > before) || spec?.key === undefined || spec.acknowledgeRepartition === after) return undefined;
  return [
    `kafka/${owner}: must keep its ${before} partitions, got ${after}: its records are keyed by ${spec.key}, most keys would move to another partition, and what is written there next could be read before what was written until now.`,
    `  Where that is well (nobody needs the order, or producers stop until every group has read all), say below kafka.topics.${owner}:`,
    `    acknowledgeRepartition: ${after}`,
  ].join("\n");
}

/** Why a topic does not get more replicas; undefined where it may. */
export function tooManyReplicas(name: string, wanted: number, brokers: number): string | undefined {
  if (wanted <= brokers) return undefined;
  const cluster = `the cluster has ${brokers} broker${brokers === 1 ? "" : "s"}`;
  return `kafka/${name}: must have a replicationFactor of at most ${brokers}, as ${cluster}, got ${wanted}. Add brokers first, or keep the replicationFactor.`;
}

/** Why producers need no more replicas in sync than there are. */
export const notInSync = (name: string, wanted: number, there: number): string =>
  [
    `kafka/${name}: must have min.insync.replicas of at most ${there}, as a partition has ${there} in sync now, got ${wanted}: Kafka would refuse every record.`,
    "  Start the brokers that are down, or keep the number.",
  ].join("\n");

/** What a smaller limit on records does. `change`: as `max.message.bytes 5000 in place of 1048588`. */
export const takesSmaller = (name: string, change: string): string =>
  `kafka/${name}: ${change}: larger records are refused once that is made, those of producers that run now among them.`;

/** Why a topic is not updated: that sets all of its settings, and so removes those that nobody declares. `declared`: the names of those that somebody does. */
export function wouldRemove(
  { name, owner, stack }: { name: string; owner: string | undefined; stack: string },
  live: Readonly<Record<string, string>>,
  declared: readonly string[],
): string | undefined {
  const removed = Object.entries(live).filter(([key]) => !declared.includes(key));
  if (removed.length === 0) return undefined;
  const got = removed.map(([key, value]) => `${key} = ${value}`).join(", ");
  const keys = removed.map(([key]) => key).join(",");
  return [
    `kafka/${name}: must keep the settings that it has on the broker and the skill does not declare, got ${got}: an update of the topic would remove ${removed.length === 1 ? "it" : "them"}.`,
    ...(owner === name
      ? [
          `  To keep, add below kafka.topics.${name}.config:`,
          ...removed.map(([key, value]) => `    ${key}: ${JSON.stringify(value)}`),
        ]
      : [
          "  The skill has no settings for this topic. To remove, on a broker:",
          `    kafka-configs.sh --alter --entity-type topics --entity-name ${name} --delete-config ${keys}`,
        ]),
    `  Or lose ${removed.length === 1 ? "it" : "them"} on purpose, once: name kafka/${name} in messaging:allowDataLoss of Pulumi.${stack}.yaml.`,
  ].join("\n");
}
