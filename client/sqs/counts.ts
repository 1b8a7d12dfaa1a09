import { GetQueueAttributesCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { RefusedError } from "../message.ts";
import { call } from "./api.ts";

/** What SQS says of a queue; about so many, in its own words. */
export interface Counts {
  /** Also those that wait behind one of their group that is in flight. */
  visible: number;
  /** Received and not answered yet. */
  inFlight: number;
  delayed: number;
  /** When SQS said so, by its own clock, to the second; by ours where it does not tell. */
  at: Date;
}

export async function countsOf(sqs: SQSClient, QueueUrl: string): Promise<Counts> {
  const command = new GetQueueAttributesCommand({
    QueueUrl,
    AttributeNames: [
      "ApproximateNumberOfMessages",
      "ApproximateNumberOfMessagesNotVisible",
      "ApproximateNumberOfMessagesDelayed",
    ],
  });
  let date: string | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = (result.response as { headers?: Record<string, string> }).headers?.date;
      return result;
    },
    { step: "deserialize", priority: "low" },
  );
  const { Attributes = {} } = await call(() => sqs.send(command));
  const told = new Date(date ?? "");
  return {
    visible: figureOf(Attributes, "ApproximateNumberOfMessages"),
    inFlight: figureOf(Attributes, "ApproximateNumberOfMessagesNotVisible"),
    delayed: figureOf(Attributes, "ApproximateNumberOfMessagesDelayed"),
    at: Number.isNaN(told.getTime()) ? new Date() : told,
  };
}

/** A figure that SQS was asked for. Throws a RefusedError where it is absent: what is not told is not none. */
export function figureOf(attributes: Partial<Record<string, string>>, name: string): number {
  const told = Number(attributes[name] ?? Number.NaN);
  if (Number.isNaN(told)) throw new RefusedError(`SQS does not tell ${name}`);
  return told;
}
