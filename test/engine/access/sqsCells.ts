import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { Cell, Principal, Session } from "./cells.ts";
import { entries, type Written } from "./oracle.ts";
import { onSqs, SQS_ACTIONS, type SqsTry } from "./oracleSqs.ts";
import { decide } from "./sqsPolicy.ts";

const ACCOUNT = "000000000000";

/** An app as its role and as a session of the role; and callers who are nearly one. */
export function sqsPrincipals(skill: Written): (Principal & { arn?: string })[] {
  const role = (name: string, account = ACCOUNT) => `arn:aws:iam::${account}:role/${name}`;
  return [
    ...Object.keys(skill.apps).flatMap((app) => [
      { name: app, app, arn: role(app) },
      { name: `a session of ${app}`, app, arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${app}/i-0123456789abcdef0` },
    ]),
    { name: "unknown role", arn: role("nobody") },
    { name: "a role that begins with an app's name", arn: role("maker-eu") },
    { name: "a role of an app's name, by a path", arn: role("team/maker") },
    { name: "a user of an app's name", arn: `arn:aws:iam::${ACCOUNT}:user/maker` },
    { name: "an app's name in another account", arn: role("maker", "111111111111") },
    { name: "no credentials" },
  ];
}

const queuesOf = (skill: Written): string[] =>
  entries(skill.sqs.queues).flatMap(([name, { onPoison }]) =>
    onPoison === "block" ? [`${name}.fifo`] : [`${name}.fifo`, `${name}-dlq.fifo`],
  );

export const sqsCells = (skill: Written, principal: Principal): Cell<SqsTry>[] =>
  queuesOf(skill).flatMap((queue) =>
    SQS_ACTIONS.flatMap((action) =>
      [true, false].map((tls) => {
        const tried = { action, queue, tls };
        return { principal, tried, expected: onSqs(skill, principal.app, tried) };
      }),
    ),
  );

/** By the queue's name in AWS: the policy that is on it now. */
export async function livePolicies(skill: Written, endpoint: string): Promise<Record<string, string>> {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const sqs = new SQSClient({ endpoint, region: "us-east-1", credentials });
  const policies: Record<string, string> = {};
  for (const queue of queuesOf(skill)) {
    const asked = new GetQueueAttributesCommand({
      QueueUrl: `${endpoint}/${ACCOUNT}/${queue}`,
      AttributeNames: ["Policy"],
    });
    policies[queue] = (await sqs.send(asked)).Attributes?.Policy ?? '{"Version":"2012-10-17","Statement":[]}';
  }
  sqs.destroy();
  return policies;
}

/** What the policies that are on the queues would answer; nothing is sent. */
export function sqsSession(policies: Record<string, string>, arn: string | undefined): Session<SqsTry> {
  return {
    async attempt({ action, queue, tls }) {
      const resource = `arn:aws:sqs:us-east-1:${ACCOUNT}:${queue}`;
      return decide(policies[queue]!, { principal: arn, action: `sqs:${action}`, resource, tls });
    },
    close: async () => {},
  };
}
