import type { SQSClient } from "@aws-sdk/client-sqs";
import type { Envelope } from "../../../client/sqs/envelope.ts";
import { toEnvelope } from "../../../client/sqs/envelope.ts";

/** A call of SQS: the command's name without `Command`, and its input. */
export type Call = [name: string, input: Record<string, unknown>];

/** SQS that answers by a function, and what it was asked. */
export function fakeSqs(answer: (...call: Call) => unknown = () => ({})): { sqs: SQSClient; calls: Call[] } {
  const calls: Call[] = [];
  const send = async (command: { constructor: { name: string }; input: Record<string, unknown> }) => {
    const call: Call = [command.constructor.name.replace(/Command$/, ""), command.input];
    calls.push(call);
    return answer(...call);
  };
  return { sqs: { send } as unknown as SQSClient, calls };
}

/** What SQS answers no with. */
export const refusal = (name: string, message: string): Error =>
  Object.assign(new Error(message), { name, $metadata: { httpStatusCode: 400 } });

export const envelope = (id: string, more: Partial<Envelope> = {}): Envelope => ({
  ...toEnvelope({
    MessageId: id,
    ReceiptHandle: `handle ${id}`,
    Body: "body",
    Attributes: { MessageGroupId: "group", ApproximateReceiveCount: "1", SentTimestamp: "1000" },
  }),
  ...more,
});
