import { parseSkill, type RedisInstanceSpec, type Skill } from "../../../skill/index.ts";

/** A skill of one instance with everything that an instance can have. */
export const skill: Skill = parseSkill({
  name: "messaging",
  version: "2.0.0",
  apps: { "order-service": {}, fulfilment: {}, "notification-service": {} },
  redis: {
    instances: {
      notifications: {
        engine: "redis",
        maxMemory: "256mb",
        channels: { "order:*": { publishers: ["order-service"], subscribers: ["notification-service"] } },
        streams: { emails: { producers: ["notification-service"], consumers: { mailer: { app: "fulfilment" } } } },
        keys: { "cart:*": ["order-service"] },
      },
    },
  },
});

export const example: RedisInstanceSpec = skill.redis!.instances.notifications!;
