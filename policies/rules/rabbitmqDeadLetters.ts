import { UNKNOWN } from "../plain.ts";
import {
  deadLetterQueuesOf,
  declaresExchange,
  isBound,
  isDelay,
  isQueue,
  type QueueSettings,
  settingsOfQueue,
} from "../rabbitmq.ts";
import { type Finding, isNamed, namesKey, namesOf, stackRule } from "../rule.ts";
import { calledOf, type Seen } from "../seen.ts";

/** How the dead-letter queue of a replaced queue is known while it is emptied: by its name, as nothing leads into it. */
const EMPTYING = ["*.dlq", "*-dlq"];

/** What a consumer of RabbitMQ gives up must end in a queue: without one it is dropped. */
export const rabbitmqDeadLetters = stackRule({
  name: "rabbitmq-dead-letters",
  description: "A RabbitMQ work queue has a dead-letter queue.",
  severity: "critical",
  remedy:
    "Set dead-letter-exchange in a policy of the queue, declare that exchange, and bind a queue to it. " +
    "A queue whose messages may be dropped goes into the rule's `except`.",
  config: {
    deadLetterQueues: namesKey(
      "Dead-letter queues into which nothing leads any more; * stands for any text.",
      EMPTYING,
    ),
  },
  check: (resources, { config }) => {
    const emptying = namesOf(config.deadLetterQueues, EMPTYING);
    const queues = resources.filter(isQueue).map((queue) => settingsOfQueue(queue, resources));
    const failing = queues.filter((from) => !isDelay(from));
    const ends = new Set(failing.flatMap((from) => deadLetterQueuesOf(from, resources) ?? []));
    return queues
      .filter(({ queue, type }) => type !== "stream" && !ends.has(queue))
      .filter(({ queue }) => !(isNamed(calledOf(queue), emptying) && !isBound(queue, resources)))
      .flatMap((from) => found(from, resources));
  },
});

function found(from: QueueSettings, resources: Seen[]): Finding[] {
  const { queue, deadLetterExchange: exchange, deadLetterRoutingKey: key } = from;
  const name = `rabbitmq/${calledOf(queue)}`;
  if (exchange === undefined) return [{ at: queue, problem: `${name}: must have a dead-letter exchange, got none` }];
  if (exchange === UNKNOWN || deadLetterQueuesOf(from, resources)?.length !== 0) return [];
  const withKey = key === undefined ? "" : ` with key ${key}`;
  const where =
    exchange === ""
      ? `no queue ${key} is declared`
      : declaresExchange(exchange, from, resources)
        ? `no queue is bound to exchange ${exchange}${withKey}`
        : `neither exchange ${exchange} nor a queue bound to it is declared`;
  return [{ at: queue, problem: `${name}: must dead-letter into a queue, got nothing: ${where}` }];
}
