import type { KafkaQuota, KafkaSkill } from "../../skill/index.ts";

/** Kafka's name for each quota. */
const keys = {
  producerByteRate: "producer_byte_rate",
  consumerByteRate: "consumer_byte_rate",
  requestPercentage: "request_percentage",
  controllerMutationRate: "controller_mutation_rate",
} as const satisfies Record<keyof KafkaQuota, string>;

/** By app: its quotas in Kafka's own keys. Kafka counts a user's traffic over all topics, so an app has one set, wherever it is said. */
export function toQuotas(kafka: KafkaSkill): Record<string, Record<string, string>> {
  const quotas = new Map<string, Record<string, string>>();
  for (const { quotas: said } of Object.values(kafka.topics)) {
    for (const [app, quota] of Object.entries(said)) {
      const config = { ...quotas.get(app), ...toQuotaConfig(quota) };
      if (Object.keys(config).length > 0) quotas.set(app, config);
    }
  }
  return Object.fromEntries(quotas);
}

function toQuotaConfig(quota: KafkaQuota): Record<string, string> {
  return Object.fromEntries(
    Object.entries(keys).flatMap(([ours, kafkas]) => {
      const limit = quota[ours as keyof KafkaQuota];
      return limit === undefined ? [] : [[kafkas, String(limit)]];
    }),
  );
}
