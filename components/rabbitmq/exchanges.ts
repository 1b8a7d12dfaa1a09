import type { RabbitmqBinding, RabbitmqQueue, RabbitmqSkill } from "../../skill/index.ts";

/** Takes the messages for queues that name no binding: a topic exchange, key = the queue's name. One a vhost. */
const WORK_EXCHANGE = "messaging.work";

/** Takes what the work queues give up: a topic exchange, key = the work queue's name. One a vhost. */
export const DEAD_LETTER_EXCHANGE = "messaging.dead-letter";

/** The queue's bindings, or the one to {@link WORK_EXCHANGE} where the skill names none. */
export function bindingsOf(queueName: string, queue: RabbitmqQueue): RabbitmqBinding[] {
  return queue.bindings.length > 0 ? queue.bindings : [{ exchange: WORK_EXCHANGE, routingKey: queueName }];
}

/**
 * Every exchange of the vhost with its type. The shared ones are topic exchanges, because only there can a permission hold an app
 * to its own routing keys.
 */
export function exchangeTypes(rabbitmq: RabbitmqSkill): Record<string, string> {
  const declared = Object.entries(rabbitmq.exchanges).map(([name, { type }]) => [name, type]);
  const needsWork = Object.values(rabbitmq.queues).some(({ bindings }) => bindings.length === 0);
  return Object.fromEntries([
    ...declared,
    ...(needsWork ? [[WORK_EXCHANGE, "topic"]] : []),
    [DEAD_LETTER_EXCHANGE, "topic"],
  ]);
}
