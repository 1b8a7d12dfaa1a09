import type * as pulumi from "@pulumi/pulumi";
import { describe, expect, expectTypeOf, it } from "vitest";
import type { SqsAccess } from "../../../client/access.ts";
import type { SqsOperator } from "../../../client/operator.ts";
import type { toDeadLetters, toPublication, toSubscription } from "../../../components/sqs/flows.ts";
import { declareFlows } from "../../../components/sqs/index.ts";
import { parseSkill } from "../../../skill/index.ts";
import { program, resolve } from "../../mocks.ts";

const skill = parseSkill({
  name: "m",
  version: "2.0.0",
  apps: { payer: {}, filler: { awsPrincipal: "arn:aws:iam::999999999999:role/filler" }, idle: {} },
  sqs: {
    queues: {
      payments: { producers: ["payer"], consumers: ["filler"], visibilityTimeout: "2m", retry: { maxAttempts: 4 } },
      audit: { producers: ["filler"], consumers: ["filler"], onPoison: "block", contentBasedDeduplication: false },
    },
  },
});
const state = (_type: string, _name: string, { name }: Record<string, unknown>) =>
  name ? { arn: `arn:aws:sqs:eu-west-1:123456789012:${name}`, url: `https://sqs/${name}` } : {};
const flowsOf = (of = skill) =>
  program(() => declareFlows({ skill: of, connection: { region: "eu-west-1", endpoint: "http://e" } }, {}), { state });
const at = (name: string) => ({
  queueUrl: `https://sqs/${name}`,
  queueArn: `arn:aws:sqs:eu-west-1:123456789012:${name}`,
});

describe("the SQS flows of a skill", () => {
  it("give each app all that it needs to send and receive", async () => {
    const { value } = await resolve((await flowsOf()).outputs!.apps);
    const connection = { region: "eu-west-1", endpoint: "http://e" };
    expect(value).toEqual({
      payer: {
        ...connection,
        principal: "arn:aws:iam::123456789012:role/payer",
        publishes: { payments: { ...at("payments.fifo"), contentBasedDeduplication: true } },
        consumes: {},
      },
      filler: {
        ...connection,
        principal: "arn:aws:iam::999999999999:role/filler",
        publishes: { audit: { ...at("audit.fifo"), contentBasedDeduplication: false } },
        consumes: {
          payments: {
            ...at("payments.fifo"),
            visibilityTimeout: 120,
            waitTimeSeconds: 20,
            maxReceiveCount: 4,
            deadLetterQueue: "payments-dlq.fifo",
            deadLetterQueueUrl: "https://sqs/payments-dlq.fifo",
          },
          audit: { ...at("audit.fifo"), visibilityTimeout: 30, waitTimeSeconds: 20 },
        },
      },
    });
  });

  it("give the operator each queue that has dead letters", async () => {
    const { value } = await resolve((await flowsOf()).outputs!.operator);
    expect(value).toEqual({
      region: "eu-west-1",
      endpoint: "http://e",
      deadLetters: [
        {
          flow: "sqs/payments",
          queueUrl: "https://sqs/payments.fifo",
          deadLetterQueueUrl: "https://sqs/payments-dlq.fifo",
        },
      ],
    });
  });

  it("give what the client reads", () => {
    type Plain<Made extends (...args: never) => unknown> = pulumi.Unwrap<ReturnType<Made>>;
    expectTypeOf<Plain<typeof toPublication>>().toExtend<SqsAccess["publishes"][string]>();
    expectTypeOf<Plain<typeof toSubscription>>().toExtend<SqsAccess["consumes"][string]>();
    expectTypeOf<Plain<typeof toDeadLetters>>().toExtend<SqsOperator["deadLetters"]>();
  });

  it("are summed up in a row for each queue", async () => {
    expect((await flowsOf()).outputs!.summary).toEqual([
      { broker: "sqs", kind: "queue", name: "payments.fifo", detail: "keeps 4d, 4 deliveries" },
      { broker: "sqs", kind: "dead-letter queue", name: "payments-dlq.fifo", detail: "keeps 14d" },
      { broker: "sqs", kind: "queue", name: "audit.fifo", detail: "keeps 4d, poison blocks its message group" },
    ]);
  });

  it("are none where the skill has none", async () => {
    const { outputs, resources } = await flowsOf(parseSkill({ name: "m", version: "2.0.0", apps: {} }));
    expect([outputs, resources]).toEqual([{ apps: {}, summary: [] }, []]);
  });
});
