import { type KafkaDocument, type KafkaQuota, topicsTakenOver } from "../kafka.ts";
import { deadLetterTopicName, retryTopicName } from "../names.ts";
import { dotted, type Finding, type Path, shown } from "../problem.ts";
import { overridden, retryDelays } from "../retry.ts";
import type { SkillDocument } from "../schema.ts";
import { valueAt } from "../shape.ts";

type Topic = KafkaDocument["topics"][string];

const topicsOf = ({ kafka }: SkillDocument) =>
  Object.entries(kafka?.topics ?? {}).map(([name, topic]) => ({
    name,
    topic,
    path: ["kafka", "topics", name] as Path,
  }));

// Settings that a field of the skill sets, or that are no settings of a topic.
const settingFields: Record<string, string> = {
  "retention.ms": "retention",
  "replication.factor": "replicationFactor",
  "default.replication.factor": "replicationFactor",
  "num.partitions": "partitions",
  retention: "retention",
  partitions: "partitions",
};

// Kafka counts them in 31 bits; the dead-letter topic needs 64 KiB more for the headers that tell of the failure.
const largestMessage = 2 ** 31 - 1 - 64 * 1024;

/** Kafka's own settings leave alone what the skill's fields set, and lose no acknowledged message. */
export const kafkaConfig = (document: SkillDocument, input: unknown): Finding[] =>
  topicsOf(document).flatMap(({ topic, path }) =>
    Object.entries(topic.config).flatMap(([key, value]) => {
      const rule = configRule(key, value, topic);
      if (rule === undefined) return [];
      const here = [...path, "config", key];
      return [{ path: here, rule, got: shown(valueAt(input, here)), reads: [[...path, "replicationFactor"]] }];
    }),
  );

function configRule(key: string, value: string, { replicationFactor }: Topic): string | undefined {
  if (Object.hasOwn(settingFields, key)) return `not be set here, but as ${settingFields[key]} of the topic`;
  if (key === "unclean.leader.election.enable" && value !== "false") {
    return "be false, as an unclean election loses acknowledged messages";
  }
  const count = /^[1-9][0-9]{0,9}$/.test(value) ? Number(value) : 0;
  if (key === "max.message.bytes" && (count === 0 || count > largestMessage)) {
    return `be a whole number of bytes from 1 to ${largestMessage}`;
  }
  if (key !== "min.insync.replicas" || (count >= 1 && count <= replicationFactor)) return undefined;
  return `be a whole number from 1 to replicationFactor (${replicationFactor})`;
}

/** Keys that move to other partitions are of interest where their order is promised. */
export const kafkaRepartition = (document: SkillDocument): Finding[] =>
  topicsOf(document).flatMap(({ topic: { key, acknowledgeRepartition }, path }) => {
    if (acknowledgeRepartition === undefined || key !== undefined) return [];
    const rule = "be of a topic with a key: without one, partitions may grow as they are";
    const got = shown(acknowledgeRepartition);
    return [{ path: [...path, "acknowledgeRepartition"], rule, got, reads: [[...path, "key"]] }];
  });

/** A consumer group belongs to one app, on whatever topics it reads. */
export function kafkaGroups(document: SkillDocument): Finding[] {
  const owners = new Map<string, { app: string; topic: string }>();
  return topicsOf(document).flatMap(({ name, topic, path }) =>
    Object.entries(topic.consumers).flatMap(([group, { app }]) => {
      const owner = owners.get(group) ?? { app, topic: name };
      owners.set(group, owner);
      if (owner.app === app) return [];
      const rule = `be ${shown(owner.app)}, whose group this is on topic ${owner.topic}`;
      return [{ path: [...path, "consumers", group, "app"], rule, got: shown(app) }];
    }),
  );
}

// Kafka: Topic.java, MAX_NAME_LENGTH.
const longestName = 249;

interface TopicName {
  name: string;
  kind: "topic" | "dead-letter topic" | "retry topic";
  path: Path;
}

/** All topics, dead-letter and retry topics included, have names that Kafka takes and can tell apart. */
export function kafkaNames(document: SkillDocument): Finding[] {
  const { kafka } = document;
  const names = topicsOf({
    ...document,
    ...(kafka && { kafka: { ...kafka, topics: topicsTakenOver(kafka) } }),
  }).flatMap(({ name, topic, path }) => topicNames(name, topic, path, document));
  // Kafka names its metrics with . as _, and so refuses a topic that differs in these only (Topic.java, hasCollision).
  const alike = (name: string) => name.replaceAll(".", "_");
  const first = new Map<string, TopicName>();
  for (const topic of names) if (!first.has(alike(topic.name))) first.set(alike(topic.name), topic);
  const firstOf = (topic: TopicName) => first.get(alike(topic.name))!;
  return names.flatMap((topic) => {
    const other = firstOf(topic);
    // Topics that are alike have derived topics that are: that is said once, of the topics.
    const said =
      topic.kind !== "topic" && other.kind !== "topic" && alike(workTopic(topic)) === alike(workTopic(other));
    const clash = other !== topic && !(said && workTopic(topic) !== workTopic(other));
    return [...(clash ? [collision(topic, other)] : []), ...(topic.kind === "topic" ? [] : tooLong(topic))];
  });
}

const workTopic = ({ path }: TopicName): string => String(path[2]);

function topicNames(name: string, topic: Topic, path: Path, { retry }: SkillDocument): TopicName[] {
  const groups = Object.entries(topic.consumers).flatMap(([group, consumer]): TopicName[] => {
    const here = [...path, "consumers", group];
    // An ordered group tries again in place.
    const delays = consumer.ordered ? [] : [...new Set(retryDelays(overridden(retry, consumer.retry)))];
    return [
      { name: deadLetterTopicName(name, group), kind: "dead-letter topic", path: here },
      ...delays.map(
        (delay): TopicName => ({ name: retryTopicName(name, group, delay), kind: "retry topic", path: here }),
      ),
    ];
  });
  return [{ name, kind: "topic", path }, ...groups];
}

const collision = (topic: TopicName, other: TopicName): Finding => ({
  path: topic.path,
  rule: `make a ${topic.kind} that Kafka can tell from the ${other.kind} ${other.name} of ${dotted(other.path)} (. and _ are alike to it)`,
  got: shown(topic.name),
});

const tooLong = ({ name, kind, path }: TopicName): Finding[] =>
  name.length <= longestName
    ? []
    : [{ path, rule: `make a ${kind} of at most ${longestName} characters`, got: `${name.length} characters` }];

/** Quotas are of an app that uses the topic, and the same wherever the app has one: Kafka counts for the user. */
export function kafkaQuotas(document: SkillDocument, input: unknown): Finding[] {
  const known = new Map<string, { value: number; topic: string }>();
  return topicsOf(document).flatMap(({ name, topic, path }) =>
    Object.entries(topic.quotas).flatMap(([app, quota]) => {
      const here = [...path, "quotas", app];
      const declared = valueAt(input, ["apps", app]) !== undefined;
      return [...(declared ? useFindings(app, topic, here) : []), ...valueFindings(known, name, app, quota, here)];
    }),
  );
}

function useFindings(app: string, { producers, consumers }: Topic, path: Path): Finding[] {
  if (producers.includes(app) || Object.values(consumers).some((consumer) => consumer.app === app)) return [];
  const reads = [
    [...path.slice(0, -2), "producers"],
    [...path.slice(0, -2), "consumers"],
  ];
  return [{ path, rule: "be of an app that produces or consumes the topic", got: shown(app), reads }];
}

function valueFindings(
  known: Map<string, { value: number; topic: string }>,
  topic: string,
  app: string,
  quota: KafkaQuota,
  path: Path,
): Finding[] {
  const set = Object.entries(quota).filter((entry): entry is [string, number] => entry[1] !== undefined);
  if (set.length === 0) return [{ path, rule: "set at least one limit", got: "none", reads: [path] }];
  return set.flatMap(([key, value]) => {
    const identity = JSON.stringify([app, key]);
    const before = known.get(identity) ?? { value, topic };
    known.set(identity, before);
    if (before.value === value) return [];
    const rule = `be ${before.value} as on topic ${before.topic}, as Kafka counts for the user over all topics`;
    return [{ path: [...path, key], rule, got: shown(value) }];
  });
}
