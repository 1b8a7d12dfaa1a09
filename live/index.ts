import type { Look, LookAccess } from "./look.ts";

export { allHeld, type Held, type Holding, UnknownHolding } from "./holding.ts";
export type { KafkaAcl, KafkaLook, KafkaRights, Look, LookAccess, RabbitmqLook, RedisLook, SqsLook } from "./look.ts";

/** A look at the brokers that the access leads to; nothing is connected yet. */
export function openLook(access: LookAccess): Look {
  const { rabbitmq, kafka, sqs } = access;
  const opened = new Map<string, Promise<Closing | undefined>>();
  const once = <T extends Closing>(name: string, open: () => Promise<T | undefined>): Promise<T | undefined> => {
    const look = opened.get(name) ?? open();
    opened.set(name, look);
    return look as Promise<T | undefined>;
  };
  return {
    rabbitmq: () => once("rabbitmq", async () => rabbitmq && (await import("./rabbitmq.ts")).rabbitmqLook(rabbitmq)),
    kafka: () => once("kafka", async () => kafka && (await import("./kafka.ts")).kafkaLook(kafka)),
    sqs: () => once("sqs", async () => sqs && (await import("./sqs.ts")).sqsLook(sqs)),
    redis: (instance) =>
      once(`redis/${instance}`, async () => {
        const server = access.redis?.(instance);
        return server && (await import("./redis.ts")).redisLook(server);
      }),
    async close() {
      const all = await Promise.allSettled(opened.values());
      await Promise.allSettled(all.map((one) => one.status === "fulfilled" && one.value?.close()));
    },
  };
}

interface Closing {
  close(): Promise<void>;
}
