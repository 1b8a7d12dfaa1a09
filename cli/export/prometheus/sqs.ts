import { type SqsSkill, toSeconds } from "../../../skill/index.ts";
import type { Flow } from "../flow.ts";
import { sqsMetrics } from "../metrics/sqs.ts";
import type { Series } from "../promql.ts";
import { DEAD_LETTER_RETENTION } from "../sqs.ts";
import { type Alert, deadLettersAlert, oldDeadLettersAlert, patienceFor } from "./rule.ts";

const broker = "sqs";

/** The alerts of SQS, by queue. */
export const sqsAlerts = (sqs: SqsSkill, flows: readonly Flow[], series: Series): Alert[] => [
  ...flows.flatMap((flow) => queueAlerts(sqs, flow, series)),
  ...flows.slice(0, 1).map(({ place }) => missing(place, series)),
];

function queueAlerts(sqs: SqsSkill, flow: Flow, series: Series): Alert[] {
  const spec = Object.entries(sqs.queues).find(([name]) => flow.name === `sqs/${name}`)![1];
  const { visible, oldestSeconds, received } = sqsMetrics(series, flow.place);
  const app = flow.consumers.map((consumer) => consumer.app).join(",");
  const of = { broker, flow: flow.name, ...(app !== "" && { app }), runbook: "otherwise" as const };
  return [
    ...deadLetterAlerts(flow, app, series),
    ...(app === ""
      ? []
      : [
          {
            ...of,
            alert: "MessagingNoConsumer",
            expr: `${visible} > 0 and on (dimension_QueueName) ${received} == 0`,
            for: "15m",
            severity: "critical" as const,
            summary: `${flow.name}: messages wait and nobody consumes`,
            description: `{{ $value }} messages of ${flow.place} are visible and none was received. Start ${app}; nothing is lost before ${spec.retention}.`,
          },
        ]),
    {
      ...of,
      alert: "MessagingSoonDeleted",
      expr: `${oldestSeconds} > ${Math.floor(toSeconds(spec.retention) / 2)}`,
      severity: "critical",
      summary: `${flow.name}: the oldest message has waited for half of its time`,
      description: `The oldest message of ${flow.place} is {{ $value }} s old, and SQS deletes it after ${spec.retention}. ${spec.onPoison === "block" ? "A message that always fails blocks its group: mend the consumer." : "Start consumers, or more of them."}`,
    },
  ];
}

function deadLetterAlerts(flow: Flow, app: string, series: Series): Alert[] {
  const place = flow.consumers.find(({ deadLetters }) => deadLetters !== undefined)?.deadLetters;
  if (place === undefined) return [];
  const { visible, notVisible, oldestSeconds } = sqsMetrics(series, place);
  const patience = patienceFor(DEAD_LETTER_RETENTION);
  const of = { broker, flow: flow.name, app, place };
  return [
    deadLettersAlert(of, `${visible} + on (dimension_QueueName) ${notVisible}`),
    oldDeadLettersAlert(
      { ...of, retention: DEAD_LETTER_RETENTION, patience },
      `${oldestSeconds} > ${patience / 1_000}`,
    ),
  ];
}

const missing = (queue: string, series: Series): Alert => ({
  alert: "MessagingMetricsMissing",
  expr: `absent(${sqsMetrics(series, queue).visible})`,
  // CloudWatch itself is minutes late.
  for: "30m",
  severity: "critical",
  broker,
  summary: "SQS is not watched",
  description:
    "There are no metrics of it, so no other alert can sound: the exporter or the scraping is down, or labels differ (docs/observability.md).",
  runbook: "otherwise",
});
