import {
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { describe, expect, inject, it } from "vitest";

const clone = inject("clone");
const endpoint = `http://127.0.0.1:${clone.ports.aws}`;
const sqs = new SQSClient({
  endpoint,
  region: "us-east-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
});
const urlOf = (name: string) => `${endpoint}/000000000000/${name}`;
const attributesOf = async (name: string) => {
  const { Attributes = {} } = await sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: urlOf(name), AttributeNames: ["All"] }),
  );
  return Attributes;
};

describe("SQS after npm start", () => {
  it("has the work queue and its DLQ, and no other", async () => {
    const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
    expect(QueueUrls.map((url) => url.split("/").at(-1)).sort()).toEqual(["payments-dlq.fifo", "payments.fifo"]);
  });

  it("dead-letters after three receives, encrypted, for 14 days", async () => {
    const work = await attributesOf("payments.fifo");
    const dlq = await attributesOf("payments-dlq.fifo");
    expect(work).toMatchObject({
      FifoQueue: "true",
      ContentBasedDeduplication: "true",
      VisibilityTimeout: "30",
      MessageRetentionPeriod: "345600",
      SqsManagedSseEnabled: "true",
    });
    expect(JSON.parse(work.RedrivePolicy ?? "{}")).toEqual({ deadLetterTargetArn: dlq.QueueArn, maxReceiveCount: 3 });
    expect(dlq).toMatchObject({ FifoQueue: "true", MessageRetentionPeriod: "1209600", SqsManagedSseEnabled: "true" });
    expect(JSON.parse(dlq.RedriveAllowPolicy ?? "{}")).toEqual({
      redrivePermission: "byQueue",
      sourceQueueArns: [work.QueueArn],
    });
  });

  it("allows TLS alone, and only the flow's apps", async () => {
    const { Policy = "{}" } = await attributesOf("payments.fifo");
    const { Version, Statement } = JSON.parse(Policy);
    expect(Version).toBe("2012-10-17");
    expect(Statement).toContainEqual(
      expect.objectContaining({
        Effect: "Deny",
        Principal: "*",
        Action: "sqs:*",
        Condition: { Bool: { "aws:SecureTransport": "false" } },
      }),
    );
    const allowed = Statement.filter(({ Effect }: { Effect: string }) => Effect === "Allow");
    expect(JSON.stringify(allowed.map(({ Principal }: { Principal: unknown }) => Principal))).not.toContain('"*"');
    expect(allowed).toHaveLength(2);
  });

  it("moves a message that is received too often to the DLQ", async () => {
    const QueueUrl = urlOf("payments.fifo");
    await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: `poison ${Date.now()}`, MessageGroupId: "tests" }));
    for (let attempt = 1; attempt <= 3; attempt++) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0, WaitTimeSeconds: 5 }),
      );
      expect(Messages, `attempt ${attempt}`).toHaveLength(1);
    }
    await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1 }));
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({ QueueUrl: urlOf("payments-dlq.fifo"), WaitTimeSeconds: 10 }),
    );
    expect(Messages[0]?.Body).toMatch(/^poison/);
    await sqs.send(
      new DeleteMessageCommand({ QueueUrl: urlOf("payments-dlq.fifo"), ReceiptHandle: Messages[0]!.ReceiptHandle! }),
    );
  });
});
