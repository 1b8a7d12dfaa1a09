import { bindingsOf, DEAD_LETTER_EXCHANGE, type RabbitmqSkill, WORK_EXCHANGE } from "../../skill/index.ts";

export { bindingsOf, DEAD_LETTER_EXCHANGE };

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
