import { fifoDeadLetterName, fifoName, type SqsSkill, toMilliseconds } from "../../skill/index.ts";
import type { Flow } from "./flow.ts";

/** SQS keeps a message for 14 days at most, and dead letters for as long. */
export const DEAD_LETTER_RETENTION = "14d";

/** The queues of SQS as flows. */
export const sqsFlows = (sqs: SqsSkill | undefined): Flow[] =>
  Object.entries(sqs?.queues ?? {}).map(([queue, { producers, consumers, onPoison, retry, visibilityTimeout }]) => ({
    broker: "sqs",
    name: `sqs/${queue}`,
    place: fifoName(queue),
    kind: "queue",
    producers,
    consumers: consumers.map((app) =>
      onPoison === "block"
        ? { app, delays: [], tiers: [] }
        : {
            app,
            letters: `sqs/${queue}`,
            delays: Array.from({ length: retry.maxAttempts - 1 }, () => toMilliseconds(visibilityTimeout)),
            tiers: [],
            deadLetters: fifoDeadLetterName(queue),
            deadLetterRetention: DEAD_LETTER_RETENTION,
            maxAttempts: retry.maxAttempts,
          },
    ),
  }));
