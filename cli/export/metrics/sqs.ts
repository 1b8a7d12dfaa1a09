import type { Series } from "../promql.ts";

/** The exporter whose names these are. */
export const SQS_EXPORTER =
  "prometheus-community/yet-another-cloudwatch-exporter (YACE) 0.62: Maximum of ApproximateNumberOfMessagesVisible, ApproximateNumberOfMessagesNotVisible and ApproximateAgeOfOldestMessage, Sum of NumberOfMessagesReceived, nilToZero: true";

/** What CloudWatch knows of a queue. */
export const sqsMetrics = (series: Series, queue: string) => {
  const of = (metric: string) => series(`aws_sqs_${metric}`, { dimension_QueueName: queue });
  return {
    visible: of("approximate_number_of_messages_visible_maximum"),
    notVisible: of("approximate_number_of_messages_not_visible_maximum"),
    oldestSeconds: of("approximate_age_of_oldest_message_maximum"),
    received: of("number_of_messages_received_sum"),
  };
};
