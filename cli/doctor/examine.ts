import { setTimeout as wait } from "node:timers/promises";
import type { KafkaFigures } from "../../live/health/kafka.ts";
import type { RabbitmqFigures } from "../../live/health/rabbitmq.ts";
import type { SqsFigures } from "../../live/health/sqs.ts";
import type { Streams } from "../index.ts";
import type { Live } from "../live.ts";
import { withPatience } from "../patience.ts";
import { deadLetterFindings } from "./deadLetters.ts";
import type { Finding, Limits } from "./finding.ts";
import { fitFindings } from "./fit.ts";
import { kafkaFindings } from "./kafka.ts";
import { rabbitmqFindings } from "./rabbitmq.ts";
import { redisFindings } from "./redis.ts";
import { sqsFindings } from "./sqs.ts";

/** Between two looks at what moves, in milliseconds: RabbitMQ's figures are five seconds old at most (collect_statistics_interval). */
const BETWEEN_LOOKS_MS = 6_000;

/** Looks at every broker of the environment and changes nothing. Throws a ConnectionError where one does not answer after its retries. */
export async function examine(live: Live, limits: Limits, streams: Streams): Promise<Finding[]> {
  const { rabbitmq, kafka, sqs, redis = {} } = live.outputs.operator;
  const twice = async <T>(look: (before?: T) => Promise<T>): Promise<[T, T]> => {
    const first = await withPatience(streams, () => look());
    await wait(BETWEEN_LOOKS_MS);
    return [first, await withPatience(streams, () => look(first))];
  };
  const all = await Promise.all([
    rabbitmq &&
      import("../../live/health/rabbitmq.ts").then(async ({ rabbitmqFigures }) =>
        rabbitmqFindings(await twice<RabbitmqFigures>((before) => rabbitmqFigures(rabbitmq, before)), {
          deadLetterExchange: rabbitmq.deadLetterExchange,
          queues: rabbitmq.deadLetters,
        }),
      ),
    kafka &&
      import("../../live/health/kafka.ts").then(async ({ kafkaFigures }) =>
        kafkaFindings(await twice<KafkaFigures>(() => kafkaFigures(kafka)), limits),
      ),
    sqs &&
      import("../../live/health/sqs.ts").then(async ({ sqsFigures }) =>
        sqsFindings(await twice<SqsFigures[]>(() => sqsFigures(sqs))),
      ),
    ...Object.entries(redis).map(async ([instance, access]) => {
      const { redisFigures } = await import("../../live/health/redis.ts");
      return redisFindings(await withPatience(streams, () => redisFigures(instance, access)), limits);
    }),
    withPatience(streams, () => deadLetterFindings(live)),
    fitFindings(live.outputs.operator),
  ]);
  return all.flatMap((findings) => findings ?? []).sort((a, b) => WORST.indexOf(a.trouble) - WORST.indexOf(b.trouble));
}

/** What is told first. */
const WORST: readonly Finding["trouble"][] = [
  "message loss",
  "refused",
  "broker",
  "lag",
  "backlog",
  "duplicates",
  "dead letters",
];
