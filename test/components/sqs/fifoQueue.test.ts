import { describe, expect, it } from "vitest";
import { FifoQueue, type FifoQueueArgs, toQueueArgs } from "../../../components/sqs/fifoQueue.ts";
import { parseSkill, type SqsQueue } from "../../../skill/index.ts";
import { registered } from "../../mocks.ts";
import { conformance } from "../conformance.ts";

const specOf = (queue: object = {}): SqsQueue => {
  const document = { producers: ["payer"], consumers: ["filler"], ...queue };
  const apps = { payer: {}, filler: {} };
  return parseSkill({ name: "m", version: "2.0.0", apps, sqs: { queues: { payments: document } } }).sqs!.queues
    .payments!;
};

/** AWS answers a queue with its ARN and URL. */
const state = (type: string, _name: string, { name }: Record<string, unknown>) =>
  type === "aws:sqs/queue:Queue" ? { arn: `arn:aws:sqs:eu-west-1:123:${name}`, url: `https://sqs/${name}` } : {};
const declared = (args: Partial<FifoQueueArgs> = {}) =>
  registered(() => new FifoQueue("payments", { spec: specOf(), ...args }), { state });

describe("FifoQueue", () => {
  conformance({
    token: "messaging:sqs:FifoQueue",
    make: (name, opts) => new FifoQueue(name, { spec: specOf() }, opts),
    outputs: ["queueUrl", "queueArn", "deadLetterQueueUrl", "deadLetterQueueArn"],
    state,
  });

  it("is a queue, a dead-letter queue, and redrive and policies between them", async () => {
    const all = await declared();
    expect(all.map(({ name, type }) => `${name} ${type}`).sort()).toEqual([
      "payments aws:sqs/queue:Queue",
      "payments messaging:sqs:FifoQueue",
      "payments-dlq aws:sqs/queue:Queue",
      "payments-dlq-policy aws:sqs/queuePolicy:QueuePolicy",
      "payments-policy aws:sqs/queuePolicy:QueuePolicy",
      "payments-redrive aws:sqs/redrivePolicy:RedrivePolicy",
      "payments-redrive-allow aws:sqs/redriveAllowPolicy:RedriveAllowPolicy",
    ]);
  });

  it("says every attribute of both queues", async () => {
    const queues = (await declared()).filter(({ type }) => type === "aws:sqs/queue:Queue");
    const both = {
      fifoQueue: true,
      contentBasedDeduplication: true,
      deduplicationScope: "queue",
      fifoThroughputLimit: "perQueue",
      visibilityTimeoutSeconds: 30,
      receiveWaitTimeSeconds: 20,
      sqsManagedSseEnabled: true,
    };
    expect(queues.map(({ inputs }) => inputs)).toEqual([
      { ...both, name: "payments.fifo", messageRetentionSeconds: 345_600 },
      { ...both, name: "payments-dlq.fifo", messageRetentionSeconds: 1_209_600 },
    ]);
  });

  it("leaves what hangs on a queue to go with it", async () => {
    const goes = (await declared())
      .filter(({ deletedWith }) => deletedWith)
      .map(({ name, deletedWith }) => [name, deletedWith]);
    expect(Object.fromEntries(goes)).toEqual({
      "payments-policy": "payments",
      "payments-redrive": "payments",
      "payments-dlq-policy": "payments-dlq",
      "payments-redrive-allow": "payments-dlq",
    });
  });

  it("makes both queues side by side", async () => {
    const queues = (await declared()).filter(({ type }) => type === "aws:sqs/queue:Queue");
    expect(queues.map(({ dependencies }) => dependencies)).toEqual([[], []]);
  });

  it("moves a message after the skill's number of deliveries, from this queue alone", async () => {
    const all = await declared({ spec: specOf({ retry: { maxAttempts: 5 } }) });
    const inputsOf = (child: string) => all.find(({ name }) => name === child)?.inputs;
    expect([inputsOf("payments-redrive"), inputsOf("payments-redrive-allow")]).toEqual([
      {
        queueUrl: "https://sqs/payments.fifo",
        redrivePolicy: '{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:123:payments-dlq.fifo","maxReceiveCount":5}',
      },
      {
        queueUrl: "https://sqs/payments-dlq.fifo",
        redriveAllowPolicy:
          '{"redrivePermission":"byQueue","sourceQueueArns":["arn:aws:sqs:eu-west-1:123:payments.fifo"]}',
      },
    ]);
  });

  it("names its own apps in the queue's policy, and lets its consumers alone send to the dead letters", async () => {
    const all = await declared({ principals: { payer: "arn:aws:iam::9:user/payer" } });
    const principals = all
      .filter(({ type }) => type === "aws:sqs/queuePolicy:QueuePolicy")
      .map(({ name, inputs }) => [
        name,
        JSON.parse(inputs.policy as string).Statement.map((s: { Sid: string; Principal: { AWS: string } }) => [
          s.Sid,
          s.Principal.AWS,
        ]),
      ]);
    expect(Object.fromEntries(principals)).toEqual({
      "payments-policy": [
        ["DenyWithoutTls", undefined],
        ["AllowProducers", "arn:aws:iam::9:user/payer"],
        ["AllowConsumers", "arn:aws:iam::123:role/filler"],
      ],
      "payments-dlq-policy": [
        ["DenyWithoutTls", undefined],
        ["AllowProducers", "arn:aws:iam::123:role/filler"],
      ],
    });
  });

  it("has no dead-letter queue where poison is to block", async () => {
    const all = await declared({ spec: specOf({ onPoison: "block" }) });
    expect(all.map(({ name }) => name)).toEqual(["payments", "payments", "payments-policy"]);
    expect(Object.keys(all[0]!.outputs!).sort()).toEqual(["queueArn", "queueUrl"]);
  });

  it("has an output for each address", async () => {
    expect((await declared())[0]!.outputs).toEqual({
      queueUrl: "https://sqs/payments.fifo",
      queueArn: "arn:aws:sqs:eu-west-1:123:payments.fifo",
      deadLetterQueueUrl: "https://sqs/payments-dlq.fifo",
      deadLetterQueueArn: "arn:aws:sqs:eu-west-1:123:payments-dlq.fifo",
    });
  });

  it("alarms on waiting and on drained dead letters and on old messages, where there is someone to tell", async () => {
    const alarms = (await declared({ alarmTopicArn: "arn:topic" })).filter(({ type }) => type.includes("MetricAlarm"));
    const seen = alarms.map(({ inputs: { name, metricName, threshold, alarmActions } }) => [
      name,
      metricName,
      threshold,
      alarmActions,
    ]);
    expect(seen.sort()).toEqual([
      ["payments-dlq.fifo-received", "NumberOfMessagesReceived", 0, ["arn:topic"]],
      ["payments-dlq.fifo-visible", "ApproximateNumberOfMessagesVisible", 0, ["arn:topic"]],
      ["payments.fifo-age", "ApproximateAgeOfOldestMessage", 172_800, ["arn:topic"]],
    ]);
  });
});

describe("a queue's attributes", () => {
  it("count by message group where throughput is to be high", () => {
    expect(toQueueArgs("q.fifo", specOf({ highThroughput: true }), {})).toMatchObject({
      deduplicationScope: "messageGroup",
      fifoThroughputLimit: "perMessageGroupId",
    });
  });

  it("name one encryption and no other", () => {
    const args = toQueueArgs("q.fifo", specOf(), { kmsKeyArn: "arn:key", tags: { a: "b" } });
    expect(args).toMatchObject({ kmsMasterKeyId: "arn:key", kmsDataKeyReusePeriodSeconds: 300, tags: { a: "b" } });
    expect(args).not.toHaveProperty("sqsManagedSseEnabled");
  });
});
