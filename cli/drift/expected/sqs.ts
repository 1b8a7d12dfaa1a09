import type { Thing } from "../../../live/inventory/index.ts";
import { mapIn, textOf, type Values } from "../state.ts";
import { jsonOf, properties, type ToThings } from "./expected.ts";

const queue = (name: string, values: Values): Thing => ({
  broker: "sqs",
  kind: "queue",
  name,
  properties: properties(values),
});

/** A queue's name is the end of its URL. */
const nameIn = (queueUrl: unknown): string => textOf(queueUrl).split("/").at(-1)!;

/** SQS's names of the attributes that the provider has other names for. */
const ATTRIBUTES = {
  fifoQueue: "FifoQueue",
  contentBasedDeduplication: "ContentBasedDeduplication",
  deduplicationScope: "DeduplicationScope",
  fifoThroughputLimit: "FifoThroughputLimit",
  visibilityTimeoutSeconds: "VisibilityTimeout",
  messageRetentionSeconds: "MessageRetentionPeriod",
  receiveWaitTimeSeconds: "ReceiveMessageWaitTimeSeconds",
  delaySeconds: "DelaySeconds",
  maxMessageSize: "MaximumMessageSize",
  kmsMasterKeyId: "KmsMasterKeyId",
  kmsDataKeyReusePeriodSeconds: "KmsDataKeyReusePeriodSeconds",
  sqsManagedSseEnabled: "SqsManagedSseEnabled",
} as const;

/** By type of resource: what it should be on SQS; the parts of one queue are put together afterwards. */
export const sqsThings: Record<string, ToThings> = {
  "aws:sqs/queue:Queue": ({ inputs, outputs }) => {
    const attributes = Object.entries(ATTRIBUTES).map(([ours, theirs]) => [theirs, inputs[ours]]);
    const tags = Object.entries(mapIn(outputs.tagsAll ?? inputs.tags)).map(([name, value]) => [`tag ${name}`, value]);
    const { url, arn } = outputs;
    return [queue(textOf(inputs.name), { url, QueueArn: arn, ...Object.fromEntries([...attributes, ...tags]) })];
  },
  "aws:sqs/queuePolicy:QueuePolicy": ({ inputs }) => [
    queue(nameIn(inputs.queueUrl), { Policy: jsonOf(inputs.policy) }),
  ],
  "aws:sqs/redrivePolicy:RedrivePolicy": ({ inputs }) => [
    queue(nameIn(inputs.queueUrl), { RedrivePolicy: jsonOf(inputs.redrivePolicy) }),
  ],
  "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": ({ inputs }) => [
    queue(nameIn(inputs.queueUrl), { RedriveAllowPolicy: jsonOf(inputs.redriveAllowPolicy) }),
  ],
};
