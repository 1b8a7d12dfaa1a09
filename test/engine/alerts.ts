import { stringify } from "yaml";

const dead = 'rabbitmq_detailed_queue_messages{vhost="orders",queue="orders.dlq"}';
const ready = 'rabbitmq_detailed_queue_messages_ready{vhost="orders",queue="orders"}';
const consumers = 'rabbitmq_detailed_queue_consumers{vhost="orders",queue="orders"}';
const group = 'consumergroup="notification-service",topic="user-events",partition="0"';
const server = 'messaging_instance="notifications"';

/** When an alert of the example sounds, and about which flows; none where it is silent. */
const moment = (eval_time: string, alertname: string, flows: string[], by = "flow") => ({
  eval_time,
  expr: `count by (${by}) (ALERTS{alertname="${alertname}",alertstate="firing"})`,
  exp_samples: flows.map((flow) => ({ labels: `{${by}="${flow}"}`, value: 1 })),
});

const cases = [
  {
    name: "a dead letter sounds after two minutes, and again when nobody came for three days",
    interval: "1m",
    input_series: [{ series: dead, values: "0x10 1x4500" }],
    moments: [
      moment("12m", "MessagingDeadLetters", []),
      moment("14m", "MessagingDeadLetters", ["rabbitmq/orders"]),
      moment("2d", "MessagingDeadLettersOld", []),
      moment("74h", "MessagingDeadLettersOld", ["rabbitmq/orders"]),
    ],
  },
  {
    name: "messages without a consumer sound, with one they do not",
    interval: "1m",
    input_series: [
      { series: ready, values: "5x30" },
      { series: consumers, values: "0x10 1x20" },
    ],
    moments: [
      moment("4m", "MessagingNoConsumer", []),
      moment("6m", "MessagingNoConsumer", ["rabbitmq/orders"]),
      moment("20m", "MessagingNoConsumer", []),
    ],
  },
  {
    name: "a partition that stands still sounds, one that moves does not",
    interval: "1m",
    input_series: [
      { series: `kafka_consumergroup_lag{${group}}`, values: "7x60" },
      { series: `kafka_consumergroup_current_offset{${group}}`, values: "3x30 3+1x30" },
    ],
    moments: [
      moment("25m", "MessagingStandsStill", ["kafka/user-events/notification-service"]),
      moment("50m", "MessagingStandsStill", []),
    ],
  },
  {
    name: "a Redis server that refuses writes sounds, and one that is full to four fifths",
    interval: "1m",
    input_series: [
      { series: `redis_errors_total{${server},err="OOM"}`, values: "0x10 1+1x20" },
      { series: `redis_memory_used_bytes{${server}}`, values: "100x10 90x20" },
      { series: `redis_memory_max_bytes{${server}}`, values: "1000x10 100x20" },
    ],
    moments: [
      moment("10m", "MessagingWritesRefused", []),
      moment("15m", "MessagingWritesRefused", ["redis/notifications"]),
      moment("20m", "MessagingNearlyFull", ["redis/notifications"]),
    ],
  },
  {
    name: "what is not watched sounds",
    interval: "1m",
    input_series: [],
    moments: [moment("60m", "MessagingMetricsMissing", ["rabbitmq", "kafka", "sqs", "redis"], "broker")],
  },
];

/** What the rules of the example do, for `promtool test rules`. */
export const ruleTests = stringify({
  rule_files: ["rules.yaml"],
  evaluation_interval: "1m",
  tests: cases.map(({ moments, ...test }) => ({ ...test, promql_expr_test: moments })),
});
