import type { Thing } from "../../live/inventory/index.ts";
import { fifoDeadLetterName, fifoName } from "../../skill/index.ts";
import { toDuration } from "./durations.ts";
import { type Adopted, sorted } from "./leftOut.ts";

/** What a skill says of every FIFO queue; undefined where there is none. */
export function adoptSqs(all: readonly Thing[]): Adopted | undefined {
  const queues = all.filter(({ broker }) => broker === "sqs");
  const letters = new Set(queues.map(({ name }) => fifoDeadLetterName(baseOf(name))));
  const { kept, leftOut } = sorted(
    queues.filter(({ name }) => !letters.has(name)),
    ({ name }) => `sqs queue ${name}`,
    (queue) => reasonOf(queue, queues),
  );
  if (queues.length === 0) return undefined;
  return {
    section: { queues: Object.fromEntries(kept.map((queue) => [baseOf(queue.name), toQueue(queue)])) },
    leftOut,
  };
}

const baseOf = (name: string): string => name.replace(/\.fifo$/, "");

interface Redrive {
  deadLetterTargetArn?: string;
  maxReceiveCount?: string;
}

const redriveOf = ({ properties }: Thing): Redrive => JSON.parse(properties.RedrivePolicy ?? "{}");

function reasonOf(queue: Thing, queues: readonly Thing[]): string | undefined {
  if (!queue.name.endsWith(".fifo")) return "it is no FIFO queue: a skill's are";
  if (hasPolicy(queue)) return "it has a policy, which that of a skill's queue would replace";
  const { deadLetterTargetArn, maxReceiveCount } = redriveOf(queue);
  if (deadLetterTargetArn === undefined) return undefined;
  const target = fifoDeadLetterName(baseOf(queue.name));
  if (deadLetterTargetArn.split(":").at(-1) !== target)
    return `its dead letters go to ${deadLetterTargetArn.split(":").at(-1)}: those of a skill's queue go to ${target}`;
  if (Number(maxReceiveCount) > 20) return `it delivers ${maxReceiveCount} times: a skill's at most 20 times`;
  const letters = queues.find(({ name }) => name === target);
  if (letters && hasPolicy(letters)) return `${target} has a policy, which that of a skill's would replace`;
  const allowed = letters?.properties.RedriveAllowPolicy;
  if (allowed === undefined || allowed.includes(`["${queue.properties.QueueArn}"]`)) return undefined;
  return `${target} takes dead letters of other queues too: a skill's takes those of one`;
}

/** Any but the one that a skill's queue without apps has. */
function hasPolicy({ properties: { Policy } }: Thing): boolean {
  if (Policy === undefined) return false;
  const { Statement = [] } = JSON.parse(Policy) as { Statement?: { Sid?: string }[] };
  return !(Statement.length === 1 && Statement[0]!.Sid === "DenyWithoutTls");
}

function toQueue({ name, properties, ...queue }: Thing): Record<string, unknown> {
  const { maxReceiveCount } = redriveOf({ name, properties, ...queue });
  const seconds = (attribute: string) => toDuration(Number(properties[attribute]) * 1000);
  return {
    contentBasedDeduplication: properties.ContentBasedDeduplication === "true",
    highThroughput: properties.FifoThroughputLimit === "perMessageGroupId",
    visibilityTimeout: seconds("VisibilityTimeout"),
    retention: seconds("MessageRetentionPeriod"),
    ...(maxReceiveCount === undefined
      ? { onPoison: "block" }
      : { onPoison: "deadLetter", retry: { maxAttempts: Number(maxReceiveCount) } }),
  };
}

/** The queue of SQS that a part of the program's queue belongs to, by what the program calls that part. */
export function queueOfPart(type: string, logicalName: string): string | undefined {
  if (type === "aws:sqs/redrivePolicy:RedrivePolicy") return fifoName(logicalName.replace(/-redrive$/, ""));
  if (type === "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy")
    return fifoDeadLetterName(logicalName.replace(/-redrive-allow$/, ""));
  return type === "aws:sqs/queuePolicy:QueuePolicy" ? fifoName(logicalName.replace(/-policy$/, "")) : undefined;
}
