import type * as pulumi from "@pulumi/pulumi";
import { acceptedOf, type Credentials, deadLetterTopicName, type KafkaSkill, type Skill } from "../../skill/index.ts";
import type { BrokerFlows, SummaryRow } from "../flows.ts";
import type { FormerKafka } from "../former.ts";
import { type Replacing, replacedIn, stillDeclared } from "../replacing.ts";
import { toPublications, toSubscriptions } from "./access.ts";
import { toGrants } from "./acls.ts";
import { formerRetries, placeOf } from "./former.ts";
import { KafkaApp, type ScramMechanism } from "./kafkaApp.ts";
import { Mirror } from "./mirror.ts";
import { PartitionedTopic } from "./partitionedTopic.ts";
import { toQuotas } from "./quotas.ts";
import { copiedTopics } from "./replacement.ts";
import { retryTopicsOf } from "./retryTopics.ts";

export interface KafkaFlowsArgs {
  skill: Skill;
  /** The environment's secret, from which the apps' passwords are derived. */
  secret: pulumi.Input<string>;
  /** The apps' credentials. Default: the first of each. */
  credentials?: Credentials;
  connection: {
    /** How apps reach the brokers: `host:port`, at least one. */
    bootstrapServers: pulumi.Input<string>[];
    tls: boolean;
    /** The authority that signed the brokers' certificates, PEM. Default: those that each machine knows. */
    ca?: string;
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
  /** Where the topics that are replaced stand. */
  replacing?: Replacing;
  /** What apps that run with earlier outputs still use. Default: nothing. */
  former?: readonly FormerKafka[];
}

/** Declares the skill's topics and apps; nothing where the skill has no Kafka part. */
export function declareFlows(args: KafkaFlowsArgs, opts: pulumi.ComponentResourceOptions): BrokerFlows {
  const spec = args.skill.kafka;
  if (!spec) return { apps: {}, summary: [] };

  const { former = [] } = args;
  const declared = { ...spec, topics: stillDeclared(spec.topics, spec.replace, args.replacing) };
  const made = Object.entries(declared.topics).map(
    ([name, topic]) =>
      [name, new PartitionedTopic(name, { spec: topic, former: formerRetries(former, name) }, opts)] as const,
  );
  const topics = Object.fromEntries(made);
  const named = Object.assign({}, ...made.map(([, { topics: all }]) => all));
  declareMirrors(args, topics, opts);
  const apps = appsOf(declared, spec, former).map(({ name, grants, quotas }) => {
    const { saslMechanism } = args.connection;
    const { secret } = args;
    const [current] = acceptedOf(name, args.credentials).map(
      ({ username: user, purpose }) =>
        new KafkaApp(user, { grants, quotas, saslMechanism, secret, purpose, topics: named }, opts),
    );
    const { username, password } = current!;
    const flows = { publishes: toPublications(declared, name), consumes: toSubscriptions(declared, name) };
    return [name, { ...toClientConnection(args.connection), username, password, ...flows }];
  });
  const operator = { ...toClientConnection(args.connection), ...args.operator, deadLetters: toDeadLetters(declared) };
  return { apps: Object.fromEntries(apps), operator, summary: toSummary(declared, former) };
}

/** Declares what copies the records of replaced topics that are still there. */
function declareMirrors(
  { skill: { kafka }, connection, operator, replacing }: KafkaFlowsArgs,
  topics: Record<string, PartitionedTopic>,
  { parent, deletedWith }: pulumi.ComponentResourceOptions,
): void {
  for (const [old, next] of Object.entries(kafka?.replace ?? {})) {
    if (!topics[old]) continue;
    new Mirror(
      old,
      {
        access: { ...toClientConnection(connection), ...operator },
        topics: copiedTopics(kafka!, old),
        groups: Object.keys(kafka!.topics[old]!.consumers),
        seen: replacedIn(replacing, old).seen,
      },
      { ...(parent && { parent }), ...(deletedWith && { deletedWith }), dependsOn: [topics[old], topics[next]!] },
    );
  }
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
function toClientConnection({ bootstrapServers, tls, ca, saslMechanism }: KafkaFlowsArgs["connection"]) {
  const securityProtocol = tls ? "SASL_SSL" : "SASL_PLAINTEXT";
  return { bootstrapServers, securityProtocol, saslMechanism, ...(ca && { ca }) };
}

/** One row for each topic, retry topics and dead-letter topics included. */
export function toSummary(spec: KafkaSkill, former: readonly FormerKafka[] = []): SummaryRow[] {
  const row = (kind: string, name: string, detail: string) => ({ broker: "kafka", kind, name, detail });
  return Object.entries(spec.topics).flatMap(([name, topic]) => {
    const size = `${topic.partitions} partitions, replication factor ${topic.replicationFactor}`;
    return [
      row("topic", name, `${size}, keeps ${topic.retention}${replacedBy(spec, name)}`),
      ...Object.entries(topic.consumers).flatMap(([group, consumer]) => [
        ...retryTopicsOf(name, group, consumer).map(({ delay, place }) => row("retry topic", place, `for ${delay} ms`)),
        row("dead-letter topic", deadLetterTopicName(name, group), `keeps ${topic.deadLetter.retention}`),
      ]),
      ...formerRetries(former, name).map((one) => row("retry topic", placeOf(one), `for ${one.delay} ms, ${one.kept}`)),
    ];
  });
}

const replacedBy = ({ replace = {} }: KafkaSkill, name: string): string =>
  Object.hasOwn(replace, name) ? `, being replaced by ${replace[name]}` : "";

/** Everyone with a grant or a quota. */
function appsOf(declared: KafkaSkill, spec: KafkaSkill, former: readonly FormerKafka[]) {
  const grants = toGrants(declared, former);
  const quotas = toQuotas(spec);
  const names = new Set([...Object.keys(grants), ...Object.keys(quotas)]);
  return [...names].map((name) => ({ name, grants: grants[name] ?? [], quotas: quotas[name] }));
}
