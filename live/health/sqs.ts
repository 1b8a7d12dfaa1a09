import { GetQueueAttributesCommand } from "@aws-sdk/client-sqs";
import { RefusedError } from "../../client/message.ts";
import type { SqsOperator } from "../../client/operator.ts";
import { call, namedConnectionTo } from "../../client/sqs/api.ts";
import { figureOf } from "../../client/sqs/counts.ts";
import { eachOf } from "../inTime.ts";

/** What SQS says of a queue; its counts are approximate, in its own words. */
export interface SqsFigures {
  flow: string;
  visible: number;
  inFlight: number;
  delayed: number;
  /** Seconds. */
  visibilityTimeout: number;
  retention: number;
  /** Of the dead-letter queue, in seconds; absent: SQS does not tell. */
  deadLetterRetention?: number;
  /** Where it passes messages on to, and after how many receives; absent: nowhere. */
  redrive?: { deadLetterTargetArn: string; maxReceiveCount: number };
}

/** A queue of which SQS tells nothing: it is not there, or the operator may not ask. */
export interface SqsRefused {
  flow: string;
  refused: string;
}

/**
 * The figures of every queue that has a dead-letter queue; or of some `flows`, without what their dead-letter queues say. Throws a
 * ConnectionError.
 */
export async function sqsFigures(access: SqsOperator, flows?: readonly string[]): Promise<(SqsFigures | SqsRefused)[]> {
  const sqs = namedConnectionTo(access);
  const attributesOf = async (QueueUrl: string) => {
    const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ["All"] });
    return (await call(() => sqs.send(command))).Attributes ?? {};
  };
  const orRefused = <T>(asked: Promise<T>): Promise<T | RefusedError> =>
    asked.catch((error) => {
      if (error instanceof RefusedError) return error;
      throw error;
    });
  try {
    const asked = access.deadLetters.filter(({ flow }) => flows?.includes(flow) ?? true);
    return await eachOf(asked, async ({ flow, queueUrl, deadLetterQueueUrl }) => {
      const [own, dead] = await Promise.all([
        orRefused(attributesOf(queueUrl)),
        flows ? undefined : orRefused(attributesOf(deadLetterQueueUrl)),
      ]);
      if (own instanceof RefusedError) return { flow, refused: own.message };
      const redrive = own.RedrivePolicy ? JSON.parse(own.RedrivePolicy) : undefined;
      return {
        flow,
        visible: figureOf(own, "ApproximateNumberOfMessages"),
        inFlight: figureOf(own, "ApproximateNumberOfMessagesNotVisible"),
        delayed: figureOf(own, "ApproximateNumberOfMessagesDelayed"),
        visibilityTimeout: figureOf(own, "VisibilityTimeout"),
        retention: figureOf(own, "MessageRetentionPeriod"),
        // Of one that is not there, its dead letters tell.
        ...(dead &&
          !(dead instanceof RefusedError) && { deadLetterRetention: figureOf(dead, "MessageRetentionPeriod") }),
        ...(redrive && { redrive }),
      };
    });
  } finally {
    sqs.destroy();
  }
}
