import { type Flow, flowsOf } from "../flow.ts";
import { KAFKA_EXPORTER } from "../metrics/kafka.ts";
import { RABBITMQ_EXPORTER } from "../metrics/rabbitmq.ts";
import { REDIS_EXPORTER } from "../metrics/redis.ts";
import { SQS_EXPORTER } from "../metrics/sqs.ts";
import { seriesOf } from "../promql.ts";
import type { Source } from "../source.ts";
import { yamlText } from "../text.ts";
import { kafkaAlerts } from "./kafka.ts";
import { rabbitmqAlerts } from "./rabbitmq.ts";
import { redisAlerts } from "./redis.ts";
import { type Alert, type Rule, toRule } from "./rule.ts";
import { sqsAlerts } from "./sqs.ts";

/** The alerting rules of a skill, a group a broker. */
export function ruleGroups({ skill, environment }: Source): { name: string; rules: Rule[] }[] {
  const version = environment?.rabbitmq?.version;
  const flows = flowsOf(skill, { rabbitmqVersion: version });
  const of = (broker: Flow["broker"]) => flows.filter((flow) => flow.broker === broker);
  const series = seriesOf(environment?.name);
  const { rabbitmq, kafka, sqs, redis } = skill;
  const alerts: Record<string, Alert[]> = {
    ...(rabbitmq && { rabbitmq: rabbitmqAlerts(rabbitmq, of("rabbitmq"), series, version) }),
    ...(kafka && { kafka: kafkaAlerts(kafka, of("kafka"), series) }),
    ...(sqs && { sqs: sqsAlerts(sqs, of("sqs"), series) }),
    ...(redis && { redis: redisAlerts(redis, of("redis"), series) }),
  };
  return Object.entries(alerts).map(([broker, made]) => ({
    name: [skill.name, environment?.name, broker].filter((part) => part !== undefined).join("-"),
    rules: made.map((alert) => toRule(alert, environment?.name)),
  }));
}

/** The rules as Prometheus reads them. */
export function prometheusText(source: Source): string {
  const { rabbitmq, kafka, sqs, redis } = source.skill;
  const exporters = [
    rabbitmq && RABBITMQ_EXPORTER,
    kafka && KAFKA_EXPORTER,
    sqs && SQS_EXPORTER,
    redis && REDIS_EXPORTER,
  ].filter((exporter) => exporter !== undefined);
  const label = source.environment && `Every series carries the label environment="${source.environment.name}".`;
  const comments = [
    "Generated from the skill by messaging export --prometheus. Do not edit; docs/observability.md tells how to scrape.",
    "The metrics are named as these exporters name them:",
    ...exporters.map((exporter) => `- ${exporter}`),
    ...(label === undefined ? [] : [label]),
  ];
  return `${comments.map((line) => `# ${line}\n`).join("")}${yamlText({ groups: ruleGroups(source) })}`;
}
