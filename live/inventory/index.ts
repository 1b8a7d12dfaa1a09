import type { OperatorAccess } from "../../client/operator.ts";
import type { Thing } from "./thing.ts";

export { patternsOf } from "./redis.ts";
export {
  aclName,
  bindingName,
  canonical,
  canonicalJson,
  keyOf,
  type Properties,
  properties,
  sortedJson,
  type Thing,
} from "./thing.ts";

/** What there is on the brokers of an environment. */
export interface Inventory {
  things: Thing[];
  /** Redis instances of which not every key was looked at. */
  partial: string[];
}

/** Looks at every broker that the access leads to, as the operator; the code of a broker is loaded when it is. Throws a ConnectionError where one does not answer. */
export async function takeInventory({
  rabbitmq,
  kafka,
  sqs,
  redis = {},
}: Pick<OperatorAccess, "rabbitmq" | "kafka" | "sqs" | "redis">): Promise<Inventory> {
  const [ofRabbitmq, ofKafka, ofSqs, ...ofRedis] = await Promise.all([
    rabbitmq && import("./rabbitmq.ts").then(({ rabbitmqInventory }) => rabbitmqInventory(rabbitmq)),
    kafka && import("./kafka.ts").then(({ kafkaInventory }) => kafkaInventory(kafka)),
    sqs && import("./sqs.ts").then(({ sqsInventory }) => sqsInventory(sqs)),
    ...Object.entries(redis).map(async ([instance, login]) => {
      const { redisInventory } = await import("./redis.ts");
      return { instance, ...(await redisInventory(instance, login)) };
    }),
  ]);
  return {
    things: [ofRabbitmq, ofKafka, ofSqs, ...ofRedis.map(({ things }) => things)].flatMap((things) => things ?? []),
    partial: ofRedis.filter(({ all }) => !all).map(({ instance }) => instance),
  };
}
