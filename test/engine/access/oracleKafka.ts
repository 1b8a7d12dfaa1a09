import { delaysOf, type Expected, entries, mayNot, type Written, when } from "./oracle.ts";

const ON_TOPIC = [
  "write",
  "read",
  "describe",
  "list offsets",
  "describe configs",
  "alter configs",
  "create partitions",
  "delete records",
  "create topic",
  "delete topic",
] as const;
const ON_GROUP = ["join group", "find coordinator", "describe group", "fetch offsets", "delete group"] as const;
const ON_CLUSTER = [
  "idempotent write",
  "list ACLs",
  "create ACL",
  "delete ACL",
  "describe SCRAM users",
  "alter SCRAM user",
  "alter quota",
  "describe broker configs",
  "alter broker configs",
] as const;

/** What one may try on Kafka, by what it is tried on. */
export const KAFKA_ACTIONS = { topic: ON_TOPIC, group: ON_GROUP, cluster: ON_CLUSTER };

/** Something that one may try on Kafka. */
export type KafkaTry =
  | { action: (typeof ON_TOPIC)[number]; topic: string }
  | { action: (typeof ON_GROUP)[number]; group: string }
  | { action: "commit offsets"; group: string; topic: string }
  | { action: "transactional write"; transactionalId: string }
  | { action: (typeof ON_CLUSTER)[number] };

interface Rights {
  writes: Set<string>;
  reads: Set<string>;
  groups: Set<string>;
}

/** What an app may do by the skill; `undefined` is somebody whom the skill does not know. */
export function onKafka(skill: Written, app: string | undefined, tried: KafkaTry): Expected {
  const { writes, reads, groups } = rightsOf(skill, app);
  switch (tried.action) {
    case "write":
      return when(writes.has(tried.topic));
    case "read":
      return when(reads.has(tried.topic));
    // Kafka: whoever may read or write a topic or a group may describe it.
    case "describe":
    case "list offsets":
      return when(writes.has(tried.topic) || reads.has(tried.topic));
    case "join group":
    case "find coordinator":
    case "describe group":
    case "fetch offsets":
      return when(groups.has(tried.group));
    case "commit offsets":
      return when(groups.has(tried.group) && reads.has(tried.topic));
    // Kafka: a producer id is for whoever may write anywhere.
    case "idempotent write":
      return when(writes.size > 0);
    default:
      return mayNot;
  }
}

function rightsOf(skill: Written, app: string | undefined): Rights {
  const rights: Rights = { writes: new Set(), reads: new Set(), groups: new Set() };
  for (const [topic, { producers = [], consumers }] of entries(skill.kafka?.topics)) {
    if (producers.includes(app)) rights.writes.add(topic);
    for (const [group, consumer] of entries(consumers)) {
      if (consumer.app !== app) continue;
      rights.groups.add(group);
      rights.reads.add(topic);
      rights.writes.add(`${topic}.${group}.dlt`);
      for (const delay of consumer.ordered ? [] : delaysOf(consumer.retry, skill.retry)) {
        rights.reads.add(`${topic}.${group}.retry.${delay}`);
        rights.writes.add(`${topic}.${group}.retry.${delay}`);
      }
    }
  }
  return rights;
}
