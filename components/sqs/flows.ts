import type * as pulumi from "@pulumi/pulumi";
import { deliveries, fifoDeadLetterName, fifoName, type Skill, type SqsQueue, toSeconds } from "../../skill/index.ts";
import type { BrokerFlows, SummaryRow } from "../flows.ts";
import type { FormerSqs } from "../former.ts";
import { DEAD_LETTER_RETENTION, FifoQueue, type FifoQueueArgs, WAIT_TIME_SECONDS } from "./fifoQueue.ts";
import { formerReceives } from "./former.ts";
import { principalOf } from "./policy.ts";

export interface SqsFlowsArgs extends Pick<FifoQueueArgs, "kmsKeyArn" | "alarmTopicArn" | "tags"> {
  skill: Skill;
  connection: {
    region: string;
    /** Where apps find SQS; default: AWS's own of the region. */
    endpoint?: pulumi.Input<string>;
    /** What an emulator takes for anybody; on AWS an app has the credentials of its role. */
    credentials?: { accessKeyId: string; secretAccessKey: string };
  };
  /** What apps that run with earlier outputs still count on. Default: nothing. */
  former?: readonly FormerSqs[];
}

/** Declares the skill's queues; nothing where the skill has no SQS part. */
export function declareFlows(
  { skill, connection, kmsKeyArn, alarmTopicArn, tags, former = [] }: SqsFlowsArgs,
  opts: pulumi.ComponentResourceOptions,
): BrokerFlows {
  const specs = Object.entries(skill.sqs?.queues ?? {});
  const principals = Object.fromEntries(
    Object.entries(skill.apps).map(([app, { awsPrincipal }]) => [app, awsPrincipal]),
  );
  const made = specs.map(([name, spec]): Made => {
    const { maxReceiveCount } = formerReceives(former, name) ?? {};
    const args = { spec, principals, kmsKeyArn, alarmTopicArn, tags, maxReceiveCount };
    return { name, spec, queue: new FifoQueue(name, args, opts) };
  });

  const users = new Set(specs.flatMap(([, { producers, consumers }]) => [...producers, ...consumers]));
  const apps = [...users].sort().map((app) => {
    const published = made.filter(({ spec }) => spec.producers.includes(app));
    const consumed = made.filter(({ spec }) => spec.consumers.includes(app));
    const { queueArn } = [...published, ...consumed][0]!.queue;
    const access = {
      ...connection,
      principal: queueArn.apply((arn) => principalOf(app, principals[app], arn)),
      publishes: Object.fromEntries(published.map((flow) => [flow.name, toPublication(flow)])),
      consumes: Object.fromEntries(consumed.map((flow) => [flow.name, toSubscription(flow)])),
    };
    return [app, access];
  });
  return {
    apps: Object.fromEntries(apps),
    ...(made.length > 0 && { operator: { ...connection, deadLetters: made.flatMap(toDeadLetters) } }),
    summary: specs.flatMap(([name, spec]) => toSummary(name, spec, former)),
  };
}

/** A queue of the skill and what was made of it. */
export interface Made {
  name: string;
  spec: SqsQueue;
  queue: Pick<FifoQueue, "queueUrl" | "queueArn" | "deadLetterQueueUrl">;
}

/** Where dead letters are, by the name that commands know a queue by. */
export const toDeadLetters = ({ name, queue: { queueUrl, deadLetterQueueUrl } }: Made) =>
  deadLetterQueueUrl ? [{ flow: `sqs/${name}`, queueUrl, deadLetterQueueUrl }] : [];

/** What a producer's client needs of a queue. */
export function toPublication({ spec, queue: { queueUrl, queueArn } }: Made) {
  return { queueUrl, queueArn, contentBasedDeduplication: spec.contentBasedDeduplication };
}

/** What a consumer's client needs of a queue. */
export function toSubscription({ name, spec, queue }: Made) {
  const { queueUrl, queueArn, deadLetterQueueUrl } = queue;
  return {
    queueUrl,
    queueArn,
    visibilityTimeout: toSeconds(spec.visibilityTimeout),
    waitTimeSeconds: WAIT_TIME_SECONDS,
    ...(deadLetterQueueUrl && {
      maxReceiveCount: spec.retry.maxAttempts,
      deadLetterQueue: fifoDeadLetterName(name),
      deadLetterQueueUrl,
    }),
  };
}

/** One row for the queue and one for its dead-letter queue. */
export function toSummary(name: string, spec: SqsQueue, former: readonly FormerSqs[] = []): SummaryRow[] {
  const row = (kind: string, of: string, detail: string) => ({ broker: "sqs", kind, name: of, detail });
  const keeps = `keeps ${spec.retention}`;
  if (spec.onPoison === "block") return [row("queue", fifoName(name), `${keeps}, poison blocks its message group`)];
  const higher = formerReceives(former, name);
  const receives = higher ? ` (SQS allows ${higher.maxReceiveCount}, ${higher.kept})` : "";
  return [
    row("queue", fifoName(name), `${keeps}, ${deliveries(spec.retry.maxAttempts)}${receives}`),
    row("dead-letter queue", fifoDeadLetterName(name), `keeps ${DEAD_LETTER_RETENTION}`),
  ];
}
