import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from "vitest";
import { type AppAccess, connect } from "../../client/index.ts";
import { output, pulumi, restore } from "./clone.ts";
import { allow, changeSkill, refusals } from "./gate.ts";

const clone = inject("clone");

let sqs: SQSClient;
let access: AppAccess;
let queueUrl: string;

const names = async (): Promise<string[]> => {
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  return QueueUrls.map((url) => url.split("/").at(-1)!).sort();
};

/** What SQS itself says of a queue's messages, in flight or not. */
async function messagesIn(QueueUrl: string): Promise<number> {
  const AttributeNames = ["ApproximateNumberOfMessages" as const, "ApproximateNumberOfMessagesNotVisible" as const];
  const { Attributes = {} } = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames }));
  return Object.values(Attributes).reduce((sum, count) => sum + Number(count), 0);
}

async function publish(count: number): Promise<void> {
  const client = connect(access);
  for (let at = 0; at < count; at++) await client.publish("sqs/payments", { body: `m${at}` });
  await client.close();
}

const up = async () => {
  const { code, output: printed } = await pulumi(clone, "up", "--yes", "--skip-preview", "--suppress-outputs");
  expect(code, printed).toBe(0);
  return printed;
};

// biome-ignore lint/suspicious/noExplicitAny: a skill as people write it
const withoutPayments = (skill: any) => {
  skill.sqs.queues = { others: { producers: ["payment-service"] } };
};

beforeAll(async () => {
  access = (await output<Record<string, AppAccess>>(clone, "apps"))["payment-service"]!;
  const { region, endpoint, credentials } = access.sqs!;
  sqs = new SQSClient({ region, endpoint, credentials });
  queueUrl = access.sqs!.publishes.payments!.queueUrl;
  await sqs.send(new PurgeQueueCommand({ QueueUrl: queueUrl }));
  await sqs.send(new PurgeQueueCommand({ QueueUrl: queueUrl.replace("payments", "payments-dlq") }));
});
afterEach(() => {
  restore(clone, "skill.yaml");
  allow(clone);
});
afterAll(() => sqs.destroy());

describe("the gate of SQS", () => {
  it("refuses to take over a queue that somebody else made", async () => {
    await sqs.send(new CreateQueueCommand({ QueueName: "theirs.fifo", Attributes: { FifoQueue: "true" } }));
    try {
      changeSkill(clone, (skill) => {
        skill.sqs.queues.theirs = {};
      });
      expect(await refusals(clone)).toEqual([
        "sqs/theirs: must not exist yet, got a queue that this environment did not make: making it would take it over, and later delete it.",
      ]);
    } finally {
      await sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl.replace("payments", "theirs") }));
    }
  });

  it("refuses to delete a queue with messages, in flight too, lets go exactly what is allowed, and makes it anew", async () => {
    await publish(3);
    const { Messages } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: queueUrl, VisibilityTimeout: 300 }));
    changeSkill(clone, withoutPayments);
    expect(await refusals(clone)).toEqual([
      "sqs/payments holds 3 messages (2 visible, 1 in flight): deleting it would lose them.",
    ]);
    const { ReceiptHandle } = Messages![0]!;
    const back = { QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 0 };
    await sqs.send(new ChangeMessageVisibilityCommand(back));
    expect(await refusals(clone, "up", "--yes", "--skip-preview")).toEqual([
      "sqs/payments holds 3 messages (3 visible): deleting it would lose them.",
    ]);
    expect(await messagesIn(queueUrl)).toBe(3);
    // Its dead-letter queue is empty, and needed.
    expect(await names()).toEqual(expect.arrayContaining(["payments-dlq.fifo", "payments.fifo"]));
    allow(clone, "sqs/payments");
    expect(await up()).toContain("sqs/payments goes with 3 messages (3 visible), as messaging:allowDataLoss says.");
    expect(await names()).toEqual(["others-dlq.fifo", "others.fifo"]);
    restore(clone, "skill.yaml");
    allow(clone);
    await up();
    expect(await names()).toEqual(["payments-dlq.fifo", "payments.fifo"]);
    expect(await messagesIn(queueUrl)).toBe(0);
  });
});
