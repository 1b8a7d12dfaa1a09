import type { Series } from "../promql.ts";

/** The exporter whose names these are; tried on Redis 8.0.2. */
export const REDIS_EXPORTER =
  "oliver006/redis_exporter 1.74.0 with --check-single-streams, one a server, each scraped with the label messaging_instance";

/** What is known of a server. */
export const redisServer = (series: Series, instance: string) => {
  const of =
    (metric: string, labels = {}) =>
    (modifier?: string) =>
      series(`redis_${metric}`, { messaging_instance: instance, ...labels }, modifier);
  return {
    up: of("up"),
    used: of("memory_used_bytes"),
    most: of("memory_max_bytes"),
    refusedWrites: of("errors_total", { err: "OOM" }),
    evicted: of("evicted_keys_total"),
    appendOnlyFile: of("aof_last_write_status"),
  };
};

/** How many entries a stream has; no series where there is no stream. */
export const redisLength = (series: Series, instance: string, stream: string, modifier?: string): string =>
  series("redis_stream_length", { messaging_instance: instance, stream }, modifier);

/** What is known of a consumer group of a stream. */
export const redisGroup = (series: Series, instance: string, stream: string, group: string) => {
  const of = (metric: string) => (modifier?: string) =>
    series(`redis_stream_group_${metric}`, { messaging_instance: instance, stream, group }, modifier);
  return { lag: of("lag"), pending: of("messages_pending"), read: of("entries_read") };
};
