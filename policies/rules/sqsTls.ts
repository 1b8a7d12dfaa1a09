import { deniesWithoutTls } from "../iam.ts";
import { isLocal } from "../local.ts";
import { UNKNOWN } from "../plain.ts";
import { stackRule } from "../rule.ts";
import { calledOf } from "../seen.ts";
import { documentsOf, isQueue } from "../sqs.ts";

/** SQS answers over plain HTTP too: only the queue's policy refuses it. */
export const sqsTls = stackRule({
  name: "sqs-tls",
  description: "Outside local, an SQS queue refuses what does not come over TLS.",
  severity: "high",
  remedy:
    'Add a statement to its QueuePolicy: Effect Deny, Principal "*", Action "sqs:*", Condition {"Bool": {"aws:SecureTransport": "false"}}.',
  check: (resources, settings) =>
    resources
      .filter((queue) => isQueue(queue) && !isLocal(queue, settings))
      .map((queue) => ({ queue, documents: documentsOf(queue, "policy", resources) }))
      .filter(({ documents }) => !documents.some((document) => document === UNKNOWN || deniesWithoutTls(document)))
      .map(({ queue, documents }) => ({
        at: queue,
        problem: `sqs/${calledOf(queue)}: must refuse access without TLS, got ${documents.length === 0 ? "no policy" : "a policy that does not"}`,
      })),
});
