import { MetricAlarm, type MetricAlarmArgs } from "@pulumi/aws/cloudwatch/metricAlarm.js";
import { Queue, type QueueArgs } from "@pulumi/aws/sqs/queue.js";
import { QueuePolicy } from "@pulumi/aws/sqs/queuePolicy.js";
import { RedriveAllowPolicy } from "@pulumi/aws/sqs/redriveAllowPolicy.js";
import { RedrivePolicy } from "@pulumi/aws/sqs/redrivePolicy.js";
import * as pulumi from "@pulumi/pulumi";
import { fifoDeadLetterName, fifoName, type SqsQueue, toSeconds } from "../../skill/index.ts";
import { toAgeAlarm, toDeadLetterAlarms } from "./alarms.ts";
import { principalOf, type QueueAccess, toQueuePolicy, toRedriveAllowPolicy, toRedrivePolicy } from "./policy.ts";

/** How long a receive call waits for a message; SQS's own maximum. */
export const WAIT_TIME_SECONDS = 20;
/** SQS's own maximum: dead letters wait for people. */
export const DEAD_LETTER_RETENTION = "14d";
/** On a queue that has no dead-letter queue because poison is to block: how the policy pack knows that it is meant. */
const BLOCKS = { "messaging:onPoison": "block" };
/** How long SQS uses one data key before it asks KMS again; SQS's own default. */
const DATA_KEY_REUSE_SECONDS = 300;

export interface FifoQueueArgs {
  spec: SqsQueue;
  /** ARNs of IAM roles or users by app; default: the role of the app's name in the queue's account. */
  principals?: Record<string, string | undefined>;
  /** Encrypts both queues; default: SQS's own key. Producers and consumers need rights on it. */
  kmsKeyArn?: pulumi.Input<string>;
  /** SNS topic that is told when dead letters arrive and when messages grow old; default: no alarms. */
  alarmTopicArn?: pulumi.Input<string>;
  tags?: Record<string, string>;
  /** Deliveries after which SQS itself moves a message to the dead letters, where that is not `retry.maxAttempts`. */
  maxReceiveCount?: number;
}

/** A FIFO queue, with a dead-letter queue of its own unless poison is to block its message group. */
export class FifoQueue extends pulumi.ComponentResource {
  readonly queueUrl: pulumi.Output<string>;
  readonly queueArn: pulumi.Output<string>;
  /** Absent where poison blocks. */
  readonly deadLetterQueueUrl?: pulumi.Output<string>;
  readonly deadLetterQueueArn?: pulumi.Output<string>;

  constructor(name: string, args: FifoQueueArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:sqs:FifoQueue", name, {}, opts);
    const own = { parent: this };

    const queue = new Queue(name, toQueueArgs(fifoName(name), args.spec, args), own);
    declarePolicy(`${name}-policy`, queue, args.spec, args.principals, own);
    if (args.alarmTopicArn) {
      declareAlarm(`${name}-age`, toAgeAlarm(fifoName(name), args.spec), args.alarmTopicArn, own);
    }
    const deadLetterQueue =
      args.spec.onPoison === "deadLetter" ? declareDeadLetters(name, queue, args, own) : undefined;

    const outputs = {
      queueUrl: queue.url,
      queueArn: queue.arn,
      ...(deadLetterQueue && { deadLetterQueueUrl: deadLetterQueue.url, deadLetterQueueArn: deadLetterQueue.arn }),
    };
    this.queueUrl = outputs.queueUrl;
    this.queueArn = outputs.queueArn;
    this.deadLetterQueueUrl = outputs.deadLetterQueueUrl;
    this.deadLetterQueueArn = outputs.deadLetterQueueArn;
    this.registerOutputs(outputs);
  }
}

/** A queue's own attributes. Every one that SQS would choose is said, so that a refresh finds what was asked for. */
export function toQueueArgs(
  name: string,
  spec: SqsQueue,
  { kmsKeyArn, tags }: Pick<FifoQueueArgs, "kmsKeyArn" | "tags">,
): QueueArgs {
  return {
    name,
    fifoQueue: true,
    contentBasedDeduplication: spec.contentBasedDeduplication,
    deduplicationScope: spec.highThroughput ? "messageGroup" : "queue",
    fifoThroughputLimit: spec.highThroughput ? "perMessageGroupId" : "perQueue",
    visibilityTimeoutSeconds: toSeconds(spec.visibilityTimeout),
    messageRetentionSeconds: toSeconds(spec.retention),
    receiveWaitTimeSeconds: WAIT_TIME_SECONDS,
    ...(kmsKeyArn
      ? { kmsMasterKeyId: kmsKeyArn, kmsDataKeyReusePeriodSeconds: DATA_KEY_REUSE_SECONDS }
      : { sqsManagedSseEnabled: true }),
    tags: spec.onPoison === "block" ? { ...tags, ...BLOCKS } : tags,
  };
}

function declareDeadLetters(name: string, queue: Queue, args: FifoQueueArgs, own: pulumi.CustomResourceOptions): Queue {
  const deadLetterName = fifoDeadLetterName(name);
  const spec = { ...args.spec, retention: DEAD_LETTER_RETENTION };
  const deadLetterQueue = new Queue(`${name}-dlq`, toQueueArgs(deadLetterName, spec, args), own);
  // A consumer sends its message here with its error; SQS itself moves those that consumers leave unanswered. No app reads them.
  const access = { producers: args.spec.consumers, consumers: [] };
  declarePolicy(`${name}-dlq-policy`, deadLetterQueue, access, args.principals, own);

  // Resources of their own, for an attribute of either queue would make it wait for the other. Like the policies they go with
  // their queue: taking each off a queue that goes too would last 25 s, and on LocalStack 4.4 never end.
  const { maxReceiveCount = args.spec.retry.maxAttempts } = args;
  const redrivePolicy = deadLetterQueue.arn.apply((arn) => toRedrivePolicy(arn, maxReceiveCount));
  new RedrivePolicy(`${name}-redrive`, { queueUrl: queue.url, redrivePolicy }, { ...own, ...goesWith(queue) });
  const redriveAllowPolicy = queue.arn.apply(toRedriveAllowPolicy);
  new RedriveAllowPolicy(
    `${name}-redrive-allow`,
    { queueUrl: deadLetterQueue.url, redriveAllowPolicy },
    { ...own, ...goesWith(deadLetterQueue) },
  );

  if (args.alarmTopicArn) {
    for (const [what, alarm] of Object.entries(toDeadLetterAlarms(deadLetterName))) {
      declareAlarm(`${name}-dlq-${what}`, alarm, args.alarmTopicArn, own);
    }
  }
  return deadLetterQueue;
}

/** A part of a queue. Where the queue gets another address, the old part goes first: it may be the same one. */
const goesWith = (queue: Queue) => ({ deletedWith: queue, deleteBeforeReplace: true });

function declarePolicy(
  name: string,
  queue: Queue,
  access: QueueAccess,
  principals: FifoQueueArgs["principals"],
  own: pulumi.CustomResourceOptions,
): QueuePolicy {
  const policy = queue.arn.apply((arn) => {
    const arns = (apps: string[]) => apps.map((app) => principalOf(app, principals?.[app], arn));
    return toQueuePolicy(arn, { producers: arns(access.producers), consumers: arns(access.consumers) });
  });
  return new QueuePolicy(name, { queueUrl: queue.url, policy }, { ...own, ...goesWith(queue) });
}

function declareAlarm(
  name: string,
  args: MetricAlarmArgs,
  topic: pulumi.Input<string>,
  own: pulumi.CustomResourceOptions,
): MetricAlarm {
  return new MetricAlarm(name, { ...args, alarmActions: [topic] }, own);
}
