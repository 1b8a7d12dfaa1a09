import { anyOf, type Series } from "../promql.ts";

/** The exporter whose names these are. */
export const KAFKA_EXPORTER = "danielqsj/kafka_exporter 1.9.0";

/** How many records a topic holds. */
export const kafkaDepth = (series: Series, topic: string, modifier?: string): string => {
  const of = (metric: string) => series(`kafka_topic_partition_${metric}_offset`, { topic }, modifier);
  return `sum by (topic) (${of("current")} - ${of("oldest")})`;
};

/** What is known of a consumer group on a topic, by partition. */
export const kafkaGroup = (series: Series, consumergroup: string, topic: string) => ({
  lag: series("kafka_consumergroup_lag", { consumergroup, topic }),
  offset: (modifier: string) => series("kafka_consumergroup_current_offset", { consumergroup, topic }, modifier),
  members: series("kafka_consumergroup_members", { consumergroup }),
});

/** What is known of the replicas of topics, by partition. */
export const kafkaReplicas = (series: Series, topics: readonly string[]) => {
  const of = (metric: string) =>
    series(`kafka_topic_partition_${metric}`, { topic: anyOf(topics) }).replace("topic=", "topic=~");
  return { inSync: of("in_sync_replica"), underReplicated: of("under_replicated_partition") };
};
