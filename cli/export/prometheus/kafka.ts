import { type KafkaSkill, minInSyncReplicas } from "../../../skill/index.ts";
import type { Consumer, Flow } from "../flow.ts";
import { kafkaDepth, kafkaGroup, kafkaReplicas } from "../metrics/kafka.ts";
import { promDuration, type Series } from "../promql.ts";
import { type Alert, deadLettersAlert, oldDeadLettersAlert, patienceFor } from "./rule.ts";

const broker = "kafka";
const MOST_LAG = 10_000;

/** The alerts of Kafka: of each consumer group and each topic with those that are derived from it. */
export function kafkaAlerts(kafka: KafkaSkill, flows: readonly Flow[], series: Series): Alert[] {
  return [
    ...flows.flatMap((flow) => [
      ...flow.consumers.flatMap((consumer) => groupAlerts(flow, consumer, series)),
      ...replicaAlerts(kafka, flow, series),
    ]),
    ...flows.slice(0, 1).map(({ place }) => missing(place, series)),
  ];
}

function groupAlerts(flow: Flow, consumer: Consumer, series: Series): Alert[] {
  const { app, group = app, letters = flow.name, deadLetters = "", deadLetterRetention: retention, delays } = consumer;
  const { lag, offset, members } = kafkaGroup(series, group, flow.place);
  const patience = patienceFor(retention);
  const range = promDuration(patience);
  const window = promDuration(Math.max(600_000, 2 * delays.reduce((sum, delay) => sum + delay, 0)));
  const of = { broker, flow: letters, app };
  const summed = `sum by (consumergroup, topic) (${lag})`;
  return [
    deadLettersAlert({ ...of, place: deadLetters }, kafkaDepth(series, deadLetters)),
    oldDeadLettersAlert(
      { ...of, place: deadLetters, retention, patience },
      `min_over_time((${kafkaDepth(series, deadLetters)})[${range}:10m]) > 0 and ${kafkaDepth(series, deadLetters, ` offset ${range}`)} > 0`,
    ),
    {
      ...of,
      alert: "MessagingNoConsumer",
      expr: `${summed} > 0 and on (consumergroup) ${members} == 0`,
      for: "5m",
      severity: "critical",
      summary: `${letters}: messages wait and nobody consumes`,
      description: `{{ $value }} records of ${flow.place} wait and the group ${group} of ${app} has no member. Start it; nothing is lost before its retention.`,
      runbook: "otherwise",
    },
    {
      ...of,
      alert: "MessagingStandsStill",
      expr: `${lag} > 0 and on (consumergroup, topic, partition) delta(${offset(`[${window}]`)}) == 0`,
      for: "5m",
      severity: "critical",
      summary: `${letters}: a partition stands still`,
      description: `Partition {{ $labels.partition }} of ${flow.place} has {{ $value }} records that ${group} does not come to. Its handler hangs, or a record fails in a flow that promises order. Mend the consumer; delete nothing.`,
      runbook: "otherwise",
    },
    {
      ...of,
      alert: "MessagingLag",
      expr: `${summed} > ${MOST_LAG}`,
      for: "15m",
      severity: "warning",
      summary: `${letters}: lag`,
      description: `${group} is {{ $value }} records behind on ${flow.place}. Start more consumers, one a partition at most, or find out what is slow.`,
      runbook: "otherwise",
    },
  ];
}

function replicaAlerts(kafka: KafkaSkill, flow: Flow, series: Series): Alert[] {
  const { replicationFactor, config } = kafka.topics[flow.place]!;
  const derived = flow.consumers.flatMap(({ tiers, deadLetters }) => [
    ...tiers.map(({ place }) => place),
    deadLetters!,
  ]);
  const { inSync, underReplicated } = kafkaReplicas(series, [flow.place, ...derived]);
  const least = Number(config["min.insync.replicas"]) || minInSyncReplicas(replicationFactor);
  const of = { broker, flow: flow.name, runbook: "otherwise" as const };
  return [
    {
      ...of,
      alert: "MessagingUnderReplicated",
      expr: `max by (topic) (${underReplicated}) > 0`,
      for: "5m",
      severity: "warning",
      summary: `${flow.name}: a replica is behind`,
      description: `A partition of {{ $labels.topic }} has fewer than ${replicationFactor} replicas in sync: a Kafka broker is down or slow. The next failure may stop producers.`,
    },
    {
      ...of,
      alert: "MessagingNotEnoughReplicas",
      expr: `min by (topic, partition) (${inSync}) < ${least}`,
      for: "1m",
      severity: "critical",
      summary: `${flow.name}: records are refused`,
      description: `Partition {{ $labels.partition }} of {{ $labels.topic }} has {{ $value }} replicas in sync and needs ${least}: producers with acks=all are refused. Bring the Kafka brokers back.`,
    },
  ];
}

const missing = (topic: string, series: Series): Alert => ({
  alert: "MessagingMetricsMissing",
  expr: `absent(${series("kafka_topic_partitions", { topic })})`,
  for: "10m",
  severity: "critical",
  broker,
  summary: "Kafka is not watched",
  description:
    "There are no metrics of it, so no other alert can sound: the broker, its exporter or the scraping is down, or labels differ (docs/observability.md).",
  runbook: "otherwise",
});
