import type { MetricAlarmArgs } from "@pulumi/aws/cloudwatch/metricAlarm.js";
import { type SqsQueue, toSeconds } from "../../skill/index.ts";

/** Alarms on the dead letters of a queue: some wait, and some were taken, so that a queue that is drained at once alarms too. */
export function toDeadLetterAlarms(queueName: string): Record<string, MetricAlarmArgs> {
  return {
    // NumberOfMessagesSent does not count what SQS itself moves here.
    visible: alarm(queueName, "visible", "ApproximateNumberOfMessagesVisible", "Maximum", 0),
    received: alarm(queueName, "received", "NumberOfMessagesReceived", "Sum", 0),
  };
}

/** An alarm on a message that has waited for half of the time after which SQS deletes it. */
export function toAgeAlarm(queueName: string, spec: SqsQueue): MetricAlarmArgs {
  return alarm(queueName, "age", "ApproximateAgeOfOldestMessage", "Maximum", toSeconds(spec.retention) / 2);
}

function alarm(queue: string, what: string, metric: string, statistic: string, threshold: number): MetricAlarmArgs {
  return {
    name: `${queue}-${what}`,
    namespace: "AWS/SQS",
    metricName: metric,
    dimensions: { QueueName: queue },
    statistic,
    period: 60,
    evaluationPeriods: 1,
    comparisonOperator: "GreaterThanThreshold",
    threshold,
    treatMissingData: "notBreaching",
  };
}
