import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import type { SqsOperator } from "../../client/operator.ts";
import { call, connectionTo } from "../../client/sqs/api.ts";
import { figureOf } from "../../client/sqs/counts.ts";
import { eachOf } from "../inTime.ts";

/** What SQS says of a queue; about so many, in its own words. */
export interface SqsFigures {
  flow: string;
  visible: number;
  inFlight: number;
  delayed: number;
  /** Seconds. */
  visibilityTimeout: number;
  retention: number;
  /** Of the dead-letter queue, in seconds. */
  deadLetterRetention: number;
  /** Where it passes messages on to, and after how many receives; absent: nowhere. */
  redrive?: { deadLetterTargetArn: string; maxReceiveCount: number };
}

/** The figures of every queue that has a dead-letter queue. Throws a ConnectionError. */
export async function sqsFigures(access: SqsOperator): Promise<SqsFigures[]> {
  const sqs = connectionTo(access);
  const attributesOf = async (QueueUrl: string) => {
    const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] });
    return (await call(() => sqs.send(command))).Attributes ?? {};
  };
  try {
    return await eachOf(access.deadLetters, async ({ flow, queueUrl, deadLetterQueueUrl }) => {
      const [own, dead] = await Promise.all([attributesOf(queueUrl), attributesOf(deadLetterQueueUrl)]);
      const redrive = own.RedrivePolicy ? JSON.parse(own.RedrivePolicy) : undefined;
      return {
        flow,
        visible: figureOf(own, "ApproximateNumberOfMessages"),
        inFlight: figureOf(own, "ApproximateNumberOfMessagesNotVisible"),
        delayed: figureOf(own, "ApproximateNumberOfMessagesDelayed"),
        visibilityTimeout: figureOf(own, "VisibilityTimeout"),
        retention: figureOf(own, "MessageRetentionPeriod"),
        deadLetterRetention: figureOf(dead, "MessageRetentionPeriod"),
        ...(redrive && { redrive }),
      };
    });
  } finally {
    sqs.destroy();
  }
}
