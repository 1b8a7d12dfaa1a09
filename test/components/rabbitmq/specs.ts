import { parseSkill, type RabbitmqSkill, type Skill } from "../../../skill/index.ts";

/** A skill with this RabbitMQ part and the apps a to d. */
export const skillOf = (rabbitmq: object): Skill =>
  parseSkill({ name: "shop", version: "2.0.0", apps: { a: {}, b: {}, c: {}, d: {} }, rabbitmq });

export const rabbitmqOf = (rabbitmq: object): RabbitmqSkill => skillOf(rabbitmq).rabbitmq!;

/** One queue, `orders` unless named otherwise, with every default of the skill. */
export const queueOf = (queue: object, name = "orders") => rabbitmqOf({ queues: { [name]: queue } }).queues[name]!;
