import { allTierDelays, deadLetterQueueName, type RabbitmqSkill, retryTierName } from "../../../skill/index.ts";
import type { Flow } from "../flow.ts";
import { rabbitmqAlarms, rabbitmqMetrics } from "../metrics/rabbitmq.ts";
import { promDuration, type Series } from "../promql.ts";
import { durationText } from "../text.ts";
import { type Alert, deadLettersAlert, oldDeadLettersAlert, patienceFor } from "./rule.ts";

const broker = "rabbitmq";
const minutes = (count: number): number => count * 60_000;

/** The alerts of RabbitMQ: of each queue, of the delay tiers and of the broker. */
export function rabbitmqAlerts(
  rabbitmq: RabbitmqSkill,
  flows: readonly Flow[],
  series: Series,
  version?: string,
): Alert[] {
  const queues = flows.filter(({ kind }) => kind === "queue");
  return [
    ...queues.flatMap((flow) => queueAlerts(rabbitmq, flow, series)),
    ...allTierDelays(rabbitmq, version).map((delay) => stuckTier(rabbitmq.vhost, delay, series)),
    blocked(series),
    ...flows.slice(0, 1).map(({ place }) => missing(rabbitmq.vhost, place, series)),
  ];
}

function queueAlerts({ vhost, queues }: RabbitmqSkill, flow: Flow, series: Series): Alert[] {
  const { maxLength, deadLetter, consumers } = queues[flow.place]!;
  const { messages, ready, unacked, consumers: count } = rabbitmqMetrics(series, vhost, flow.place);
  const app = Object.keys(consumers).join(",");
  const of = { broker, flow: flow.name, ...(app !== "" && { app }) };
  const least = Math.min(...Object.values(consumers).map(({ prefetch }) => prefetch));
  const alerts: Alert[] = [
    ...(deadLetter ? deadLetterAlerts(vhost, flow, app, keptFor(deadLetter.retention), series) : []),
    ...(app !== ""
      ? [
          {
            ...of,
            alert: "MessagingNoConsumer",
            expr: `${ready()} > 0 and on (vhost, queue) ${count()} == 0`,
            for: "5m",
            severity: "critical" as const,
            summary: `${flow.name}: messages wait and nobody consumes`,
            description: `{{ $value }} messages are ready in ${flow.place} and ${app} has no consumer there. Start it; nothing is lost.`,
            runbook: "otherwise" as const,
          },
          {
            ...of,
            alert: "MessagingUnacknowledged",
            expr: `${unacked()} >= on (vhost, queue) (${least} * ${count()}) > 0 and on (vhost, queue) ${ready()} > 0`,
            for: "15m",
            severity: "warning" as const,
            summary: `${flow.name}: consumers have their hands full`,
            description: `{{ $value }} messages of ${flow.place} are unacknowledged, all that its consumers may hold, and more wait. Either there is more work than consumers, or handlers hang: RabbitMQ ends a channel after 30 minutes without an answer.`,
            runbook: "otherwise" as const,
          },
        ]
      : []),
    ...(maxLength !== undefined
      ? [
          {
            ...of,
            alert: "MessagingNearlyFull",
            expr: `${messages()} > ${Math.floor(maxLength * 0.8)}`,
            for: "5m",
            severity: "warning" as const,
            summary: `${flow.name}: nearly full`,
            description: `{{ $value }} of ${maxLength} messages. A full queue refuses what is published. Let the consumers catch up, or raise maxLength and run pulumi up.`,
            runbook: "otherwise" as const,
          },
        ]
      : []),
  ];
  return alerts;
}

/** Undefined: for ever. */
const keptFor = (retention: string): string | undefined => (retention === "forever" ? undefined : retention);

function deadLetterAlerts(
  vhost: string,
  flow: Flow,
  app: string,
  retention: string | undefined,
  series: Series,
): Alert[] {
  const place = flow.consumers[0]?.deadLetters ?? deadLetterQueueName(flow.place);
  const { messages } = rabbitmqMetrics(series, vhost, place);
  const patience = patienceFor(retention);
  const range = promDuration(patience);
  const of = { broker, flow: flow.name, app, place };
  return [
    deadLettersAlert(of, messages()),
    oldDeadLettersAlert(
      { ...of, retention, patience },
      `min_over_time(${messages(`[${range}]`)}) > 0 and ${messages(` offset ${range}`)} > 0`,
    ),
  ];
}

function stuckTier(vhost: string, delay: number, series: Series): Alert {
  const tier = retryTierName(delay);
  const { messages } = rabbitmqMetrics(series, vhost, tier);
  return {
    alert: "MessagingRetryStuck",
    expr: `changes(${messages(`[${promDuration(delay + minutes(10))}]`)}) == 0 and ${messages()} > 0`,
    for: "5m",
    severity: "warning",
    broker,
    flow: `rabbitmq/${tier}`,
    summary: `rabbitmq/${tier}: retries do not go on`,
    description: `Messages stay in ${tier} for longer than its ${durationText(delay)}: a work queue that they return to is full or was deleted, and holds up others of the same delay.`,
    runbook: "otherwise",
  };
}

function blocked(series: Series): Alert {
  const { memory, disk } = rabbitmqAlarms(series);
  return {
    alert: "MessagingPublishersBlocked",
    expr: `${memory} == 1 or ${disk} == 1`,
    severity: "critical",
    broker,
    summary: "RabbitMQ blocks every publisher",
    description:
      "A node is out of memory or disk. Nothing is lost, and nothing more is taken: let consumers drain queues, or give the node more room.",
    runbook: "otherwise",
  };
}

function missing(vhost: string, queue: string, series: Series): Alert {
  return {
    alert: "MessagingMetricsMissing",
    expr: `absent(${rabbitmqMetrics(series, vhost, queue).messages()})`,
    for: "10m",
    severity: "critical",
    broker,
    summary: "RabbitMQ is not watched",
    description:
      "There are no metrics of it, so no other alert can sound: the broker, its exporter or the scraping is down, or labels differ (docs/observability.md).",
    runbook: "otherwise",
  };
}
