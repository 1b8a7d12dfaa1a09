import { type KafkaSkill, type KafkaTopic, minInSyncReplicas, toMilliseconds } from "../../../skill/index.ts";
import type { Consumer, Flow } from "../flow.ts";
import { idOf } from "./ids.ts";
import { carried, type MessageKind } from "./messages.ts";
import type { Channel, Part } from "./model.ts";
import { type Act, operationsOf, retryExtension } from "./operations.ts";

const bindingVersion = "0.5.0";

/** The topics, the retry and dead-letter topics of their consumer groups, and what apps do on them. */
export function kafkaPart(kafka: KafkaSkill | undefined, flows: readonly Flow[]): Part {
  const channels: Record<string, Channel> = {};
  const acts: Act[] = [];
  for (const flow of flows) {
    const spec = kafka!.topics[flow.place]!;
    const add = (topic: string, kind: MessageKind, summary: string, extra: object) => {
      const channel = toChannel(topic, kind, summary, extra);
      channels[idOf("kafka-topic", topic)] = channel;
      return [idOf("kafka-topic", topic), channel] as const;
    };
    const work = add(flow.place, "message", "A partitioned topic.", workTopic(spec));
    for (const app of flow.producers) {
      acts.push({ app, action: "send", at: work, does: `produces to ${flow.place}`, extensions: { "x-acks": "all" } });
    }
    for (const consumer of flow.consumers) {
      const failures = failureTopics(consumer, spec, add);
      acts.push(...consumes(flow, consumer, work, failures, spec));
    }
  }
  return { channels, operations: operationsOf(acts) };
}

type Placed = readonly [string, Channel];

function failureTopics(
  { tiers, deadLetters, group, deadLetterRetention = "forever" }: Consumer,
  spec: KafkaTopic,
  add: (topic: string, kind: MessageKind, summary: string, extra: object) => Placed,
): { tiers: Placed[]; dead: Placed } {
  const { partitions, replicationFactor: replicas } = spec;
  return {
    tiers: tiers.map(({ place, delay }) =>
      add(place, "retry", `Where records wait ${delay} ms before ${group} tries them again.`, { partitions, replicas }),
    ),
    dead: add(deadLetters!, "deadLetter", `The dead letters of ${group}.`, {
      partitions,
      replicas,
      topicConfiguration: { "retention.ms": milliseconds(deadLetterRetention) },
    }),
  };
}

function consumes(
  { place }: Flow,
  consumer: Consumer,
  work: Placed,
  { tiers, dead }: { tiers: Placed[]; dead: Placed },
  spec: KafkaTopic,
): Act[] {
  const { app, group } = consumer;
  const { autoOffsetReset, ordered } = spec.consumers[group!]!;
  const bindings = { kafka: { groupId: { type: "string", enum: [group] }, bindingVersion } };
  const by = { app, group, bindings };
  const retry = retryExtension(consumer, { retry: (topic) => idOf("kafka-topic", topic), deadLetter: dead[0] });
  const settings = { "x-auto-offset-reset": autoOffsetReset, "x-ordered": ordered };
  return [
    { ...by, action: "receive", at: work, does: `consumes ${place}`, extensions: { ...settings, ...retry } },
    ...tiers.flatMap((at): Act[] => [
      { app, group, action: "send", at, does: `delays a failed record of ${place}` },
      { ...by, action: "receive", at, does: `tries a failed record of ${place} again` },
    ]),
    { app, group, action: "send", at: dead, does: `gives up a record of ${place}` },
  ];
}

const toChannel = (topic: string, kind: MessageKind, summary: string, extra: object): Channel => ({
  address: topic,
  title: topic,
  summary,
  messages: carried("kafka", kind),
  bindings: { kafka: { topic, ...extra, bindingVersion } },
});

const workTopic = ({ partitions, replicationFactor, retention, config }: KafkaTopic) => ({
  partitions,
  replicas: replicationFactor,
  topicConfiguration: {
    "min.insync.replicas": String(minInSyncReplicas(replicationFactor)),
    "retention.ms": milliseconds(retention),
    ...Object.fromEntries(Object.entries(config).map(([key, value]) => [key, typed(key, value)])),
  },
});

/** A setting as the binding writes it: some are numbers or lists there. */
function typed(key: string, value: string): unknown {
  if (key === "cleanup.policy") return policies(value);
  if (/^confluent\.(key|value)\.schema\.validation$/.test(key)) return value === "true";
  return numbers.includes(key) && Number.isInteger(Number(value)) ? Number(value) : value;
}

/** Those that the binding knows, which are Kafka's; a skill may say others, and Kafka refuses them. */
function policies(value: string): string[] | undefined {
  const known = value.split(",").filter((policy) => /^\s*(delete|compact)\s*$/.test(policy));
  return known.length > 0 ? known.map((policy) => policy.trim()) : undefined;
}

const numbers = ["retention.ms", "retention.bytes", "delete.retention.ms", "max.message.bytes"];

/** Kafka writes "for ever" as -1. */
const milliseconds = (retention: string): number => (retention === "forever" ? -1 : toMilliseconds(retention));
