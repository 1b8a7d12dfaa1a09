import type { Series } from "../promql.ts";

/** The exporter whose names these are; tried on RabbitMQ 4.0.5. */
export const RABBITMQ_EXPORTER =
  "RabbitMQ's own plugin rabbitmq_prometheus (4.0): /metrics/detailed?family=queue_coarse_metrics&family=queue_consumer_count&vhost=<vhost>, and /metrics for the alarms";

/** What is known of a queue. */
export const rabbitmqMetrics = (series: Series, vhost: string, queue: string) => {
  const of = (metric: string) => (modifier?: string) =>
    series(`rabbitmq_detailed_queue_${metric}`, { vhost, queue }, modifier);
  return {
    messages: of("messages"),
    ready: of("messages_ready"),
    unacked: of("messages_unacked"),
    consumers: of("consumers"),
  };
};

/** 1 where the broker blocks its publishers. */
export const rabbitmqAlarms = (series: Series) => ({
  memory: series("rabbitmq_alarms_memory_used_watermark", {}),
  disk: series("rabbitmq_alarms_free_disk_space_watermark", {}),
});
