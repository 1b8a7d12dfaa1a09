import type * as pulumi from "@pulumi/pulumi";
import { deadLetterTopicName, type KafkaSkill, type Skill } from "../../skill/index.ts";
import type { BrokerFlows, SummaryRow } from "../flows.ts";
import { toPublications, toSubscriptions } from "./access.ts";
import { toGrants } from "./acls.ts";
import { KafkaApp, type ScramMechanism } from "./kafkaApp.ts";
import { PartitionedTopic } from "./partitionedTopic.ts";
import { toQuotas } from "./quotas.ts";
import { retryTopicsOf } from "./retryTopics.ts";

export interface KafkaFlowsArgs {
  skill: Skill;
  /** The environment's secret, from which the apps' passwords are derived. */
  secret: pulumi.Input<string>;
  connection: {
    /** How apps reach the brokers: `host:port`, at least one. */
    bootstrapServers: pulumi.Input<string>[];
    tls: boolean;
    /** How apps log in: the mechanism that their credentials are made for. */
    saslMechanism: ScramMechanism;
  };
  /** Whoever runs the environment: an administrator of the cluster. */
  operator: {
    /** `PLAIN`, `SCRAM-SHA-256` or `SCRAM-SHA-512`. */
    saslMechanism: string;
    username: pulumi.Input<string>;
    password: pulumi.Input<string>;
  };
}

/** Declares the skill's topics and apps; nothing where the skill has no Kafka part. */
export function declareFlows(args: KafkaFlowsArgs, opts: pulumi.ComponentResourceOptions): BrokerFlows {
  const spec = args.skill.kafka;
  if (!spec) return { apps: {}, summary: [] };

  for (const [name, topic] of Object.entries(spec.topics)) new PartitionedTopic(name, { spec: topic }, opts);
  const apps = appsOf(spec).map(({ name, grants, quotas }) => {
    const { saslMechanism } = args.connection;
    const { username, password } = new KafkaApp(name, { grants, quotas, saslMechanism, secret: args.secret }, opts);
    const flows = { publishes: toPublications(spec, name), consumes: toSubscriptions(spec, name) };
    return [name, { ...toClientConnection(args.connection), username, password, ...flows }];
  });
  const operator = { ...toClientConnection(args.connection), ...args.operator, deadLetters: toDeadLetters(spec) };
  return { apps: Object.fromEntries(apps), operator, summary: toSummary(spec) };
}

/** Where dead letters are, by the name that commands know a consumer group of a topic by, and where they are put back. */
export const toDeadLetters = (spec: KafkaSkill) =>
  Object.entries(spec.topics).flatMap(([topic, { consumers }]) =>
    Object.entries(consumers).map(([groupId, consumer]) => ({
      flow: `kafka/${topic}/${groupId}`,
      topic,
      groupId,
      autoOffsetReset: consumer.autoOffsetReset,
      deadLetterTopic: deadLetterTopicName(topic, groupId),
      // No other group reads it.
      redriveTopic: retryTopicsOf(topic, groupId, consumer)[0]?.place ?? topic,
    })),
  );

/** The connection in the words of Kafka's clients. */
function toClientConnection({ bootstrapServers, tls, saslMechanism }: KafkaFlowsArgs["connection"]) {
  return { bootstrapServers, securityProtocol: tls ? "SASL_SSL" : "SASL_PLAINTEXT", saslMechanism };
}

/** One row for each topic, retry topics and dead-letter topics included. */
export function toSummary(spec: KafkaSkill): SummaryRow[] {
  const row = (kind: string, name: string, detail: string) => ({ broker: "kafka", kind, name, detail });
  return Object.entries(spec.topics).flatMap(([name, topic]) => {
    const size = `${topic.partitions} partitions, replication factor ${topic.replicationFactor}`;
    return [
      row("topic", name, `${size}, keeps ${topic.retention}`),
      ...Object.entries(topic.consumers).flatMap(([group, consumer]) => [
        ...retryTopicsOf(name, group, consumer).map(({ delay, place }) => row("retry topic", place, `for ${delay} ms`)),
        row("dead-letter topic", deadLetterTopicName(name, group), `keeps ${topic.deadLetter.retention}`),
      ]),
    ];
  });
}

/** Everyone with a grant or a quota. */
function appsOf(spec: KafkaSkill) {
  const grants = toGrants(spec);
  const quotas = toQuotas(spec);
  const names = new Set([...Object.keys(grants), ...Object.keys(quotas)]);
  return [...names].map((name) => ({ name, grants: grants[name] ?? [], quotas: quotas[name] }));
}
