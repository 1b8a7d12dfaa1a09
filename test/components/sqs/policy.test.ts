import { describe, expect, it } from "vitest";
import { principalOf, toQueuePolicy, toRedriveAllowPolicy, toRedrivePolicy } from "../../../components/sqs/policy.ts";

const arn = "arn:aws-cn:sqs:cn-north-1:123456789012:payments.fifo";

describe("the principal of an app", () => {
  it("is the role of its name in the queue's partition and account", () => {
    expect(principalOf("app", undefined, arn)).toBe("arn:aws-cn:iam::123456789012:role/app");
  });

  it("is the one that the skill names", () => {
    expect(principalOf("app", "arn:aws:iam::1:user/x", arn)).toBe("arn:aws:iam::1:user/x");
  });

  it("is no error where a failed `up` left the queue unmade", () => {
    expect(principalOf("app", undefined, undefined)).toBe("arn:aws:iam:::role/app");
  });
});

describe("a queue policy", () => {
  const policy = (producers: string[], consumers: string[]) => JSON.parse(toQueuePolicy(arn, { producers, consumers }));

  it("allows nothing but what is encrypted, and to each side what it does", () => {
    expect(policy(["p"], ["c", "b", "c"])).toMatchInlineSnapshot(`
      {
        "Statement": [
          {
            "Action": "sqs:*",
            "Condition": {
              "Bool": {
                "aws:SecureTransport": "false",
              },
            },
            "Effect": "Deny",
            "Principal": "*",
            "Resource": "arn:aws-cn:sqs:cn-north-1:123456789012:payments.fifo",
            "Sid": "DenyWithoutTls",
          },
          {
            "Action": [
              "sqs:GetQueueUrl",
              "sqs:SendMessage",
            ],
            "Effect": "Allow",
            "Principal": {
              "AWS": "p",
            },
            "Resource": "arn:aws-cn:sqs:cn-north-1:123456789012:payments.fifo",
            "Sid": "AllowProducers",
          },
          {
            "Action": [
              "sqs:ChangeMessageVisibility",
              "sqs:DeleteMessage",
              "sqs:GetQueueAttributes",
              "sqs:GetQueueUrl",
              "sqs:ReceiveMessage",
            ],
            "Effect": "Allow",
            "Principal": {
              "AWS": [
                "b",
                "c",
              ],
            },
            "Resource": "arn:aws-cn:sqs:cn-north-1:123456789012:payments.fifo",
            "Sid": "AllowConsumers",
          },
        ],
        "Version": "2012-10-17",
      }
    `);
  });

  it("only denies where the queue has no app", () => {
    expect(policy([], []).Statement.map(({ Effect }: { Effect: string }) => Effect)).toEqual(["Deny"]);
  });

  it("is the same text whatever the order of the apps", () => {
    const text = toQueuePolicy(arn, { producers: ["a", "b"], consumers: [] });
    expect(toQueuePolicy(arn, { producers: ["b", "a"], consumers: [] })).toBe(text);
  });
});

describe("redrive", () => {
  it("goes to one queue after a number of deliveries", () => {
    expect(toRedrivePolicy(arn, 3)).toBe(`{"deadLetterTargetArn":"${arn}","maxReceiveCount":3}`);
  });

  it("is allowed from one queue alone", () => {
    expect(toRedriveAllowPolicy(arn)).toBe(`{"redrivePermission":"byQueue","sourceQueueArns":["${arn}"]}`);
  });
});
