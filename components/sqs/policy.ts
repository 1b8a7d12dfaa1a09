/** What a producer calls on a queue. */
const SEND = ["sqs:GetQueueUrl", "sqs:SendMessage"];
/** What a consumer calls on a queue. */
const RECEIVE = [
  "sqs:ChangeMessageVisibility",
  "sqs:DeleteMessage",
  "sqs:GetQueueAttributes",
  "sqs:GetQueueUrl",
  "sqs:ReceiveMessage",
];

/** Who may use a queue, as ARNs of IAM roles or users, which must exist. */
export interface QueueAccess {
  producers: string[];
  consumers: string[];
}

/**
 * The principal of an app: the one that the skill names, or the role of the app's name in the queue's account. A queue that was never
 * made, as after a first `up` that failed, has no ARN when all is destroyed or by `--target`.
 */
export function principalOf(app: string, awsPrincipal: string | undefined, queueArn: string | undefined): string {
  const [, partition = "aws", , , account = ""] = queueArn?.split(":") ?? [];
  return awsPrincipal ?? `arn:${partition}:iam::${account}:role/${app}`;
}

/** A queue policy that refuses what is not encrypted on its way and allows exactly what these apps do. */
export function toQueuePolicy(queueArn: string, { producers, consumers }: QueueAccess): string {
  const statements = [
    {
      Sid: "DenyWithoutTls",
      Effect: "Deny",
      Principal: "*",
      Action: "sqs:*",
      Resource: queueArn,
      Condition: { Bool: { "aws:SecureTransport": "false" } },
    },
    ...allow("AllowProducers", producers, SEND, queueArn),
    ...allow("AllowConsumers", consumers, RECEIVE, queueArn),
  ];
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

/** Where dead letters go, and after how many deliveries. */
export function toRedrivePolicy(deadLetterQueueArn: string, maxReceiveCount: number): string {
  return JSON.stringify({ deadLetterTargetArn: deadLetterQueueArn, maxReceiveCount });
}

/** Allows one queue alone to send its dead letters here. */
export function toRedriveAllowPolicy(sourceQueueArn: string): string {
  return JSON.stringify({ redrivePermission: "byQueue", sourceQueueArns: [sourceQueueArn] });
}

// AWS gives one principal back as text and several as a list: written otherwise, a refresh would see a change.
function allow(sid: string, principals: string[], actions: string[], resource: string): object[] {
  if (principals.length === 0) return [];
  const sorted = [...new Set(principals)].sort();
  const AWS = sorted.length === 1 ? sorted[0] : sorted;
  return [{ Sid: sid, Effect: "Allow", Principal: { AWS }, Action: actions, Resource: resource }];
}
