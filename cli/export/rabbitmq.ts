import {
  deadLetterQueueName,
  nativeDelays,
  type RabbitmqQueue,
  type RabbitmqSkill,
  type Retry,
  retryDelays,
  retryTierName,
} from "../../skill/index.ts";
import type { Consumer, Flow } from "./flow.ts";

/** The queues of RabbitMQ as flows. */
export const rabbitmqFlows = (rabbitmq: RabbitmqSkill | undefined, version?: string): Flow[] =>
  Object.entries(rabbitmq?.queues ?? {}).map(([queue, spec]) => ({
    broker: "rabbitmq",
    name: `rabbitmq/${queue}`,
    place: queue,
    kind: spec.type === "stream" ? "stream" : "queue",
    producers: spec.producers,
    consumers: Object.entries(spec.consumers).map(([app, { retry }]) => toConsumer(queue, spec, app, retry, version)),
  }));

function toConsumer(
  queue: string,
  spec: RabbitmqQueue,
  app: string,
  retry: Retry,
  version: string | undefined,
): Consumer {
  if (!spec.deadLetter) return { app, delays: [], tiers: [] };
  const delays = retryDelays(retry);
  const distinct = nativeDelays(spec, version) ? [] : [...new Set(delays)];
  return {
    app,
    letters: `rabbitmq/${queue}`,
    retry,
    delays,
    tiers: distinct.map((delay) => ({ delay, place: retryTierName(delay) })),
    deadLetters: deadLetterQueueName(queue),
    ...(spec.deadLetter.retention !== "forever" && { deadLetterRetention: spec.deadLetter.retention }),
    maxAttempts: retry.maxAttempts,
  };
}
