import type { z } from "zod";
import { appList, duration, flag, map, named, oneOf } from "./fields.ts";
import { mapValues } from "./mapValues.ts";
import { type NameTable, sqsNameRules } from "./nameRules.ts";
import { overridden, type Retry, retryOverrideSchema } from "./retry.ts";

// All bounds: Amazon SQS API reference, CreateQueue.
const wholeSeconds = { wholeSeconds: true };

const queueSchema = map(
  {
    contentBasedDeduplication: flag()
      .default(true)
      .describe("Whether a message with the body of one sent in the last five minutes is dropped. Default: true."),
    highThroughput: flag()
      .default(false)
      .describe("Whether throughput and deduplication count by message group, not by queue. Default: false."),
    visibilityTimeout: duration("0s", "12h", wholeSeconds)
      .default("30s")
      .describe(
        "How long a received message stays hidden from other consumers, 0s to 12h; also the delay of a retry. Default: 30s.",
      ),
    retention: duration("60s", "14d", wholeSeconds)
      .default("4d")
      .describe("How long a message is kept, 60s to 14d. Default: 4d."),
    onPoison: oneOf("deadLetter", "block")
      .default("deadLetter")
      .describe(
        "What a message that always fails does: leave for the dead-letter queue, or block its group. Default: deadLetter.",
      ),
    producers: appList().default([]).describe("Apps that send to the queue. Default: none."),
    consumers: appList().default([]).describe("Apps that receive from the queue. Default: none."),
    retry: retryOverrideSchema
      .optional()
      .describe("What this queue changes of the skill's retry; only maxAttempts, as visibilityTimeout is the delay."),
  },
  { fifo: "not be set: every queue is FIFO", maxReceiveCount: "be given as retry.maxAttempts" },
).describe("A FIFO queue, <name>.fifo in AWS.");

export const sqsSchema = map({
  queues: named(queueSchema).default({}).describe("FIFO queues by name, without .fifo. Default: none."),
}).describe("Amazon SQS: FIFO queues.");

export const sqsNames: readonly NameTable[] = [{ at: ["sqs", "queues"], rules: sqsNameRules }];

type SqsDocument = z.output<typeof sqsSchema>;
type QueueDocument = SqsDocument["queues"][string];

/** A queue with every default filled in. */
export type SqsQueue = Omit<QueueDocument, "retry"> & { retry: Retry };
export type SqsSkill = { queues: Record<string, SqsQueue> };

/** SQS's part with its defaults, or nothing when it declares nothing. */
export function resolveSqs(document: SqsDocument, retry: Retry): SqsSkill | undefined {
  const queues = mapValues(document.queues, (queue) => ({ ...queue, retry: overridden(retry, queue.retry) }));
  return Object.keys(queues).length === 0 ? undefined : { queues };
}
