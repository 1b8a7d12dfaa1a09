import { knownFields, UNKNOWN } from "../plain.ts";
import { stackRule } from "../rule.ts";
import { calledOf, type Seen } from "../seen.ts";
import { documentsOf, isQueue, takesDeadLetters } from "../sqs.ts";

/** The tag of a queue whose poison messages are meant to block their message group, and its value. */
export const BLOCKS = { key: "messaging:onPoison", value: "block" };

/** What a consumer of SQS never acknowledges must end somewhere: without a redrive policy it comes back until it expires. */
export const sqsDeadLetters = stackRule({
  name: "sqs-dead-letters",
  description: "An SQS queue has a redrive policy.",
  severity: "critical",
  remedy:
    "Give it a RedrivePolicy with deadLetterTargetArn and maxReceiveCount. " +
    `A queue that is to block instead bears the tag ${BLOCKS.key}: ${BLOCKS.value}, or goes into the rule's \`except\`.`,
  check: (resources) =>
    resources
      .filter(isQueue)
      .filter((queue) => !blocks(queue) && !takesDeadLetters(queue, resources))
      .filter((queue) => documentsOf(queue, "redrivePolicy", resources).length === 0)
      .map((at) => ({ at, problem: `sqs/${calledOf(at)}: must have a redrive policy, got none` })),
});

function blocks({ props: { tags } }: Seen): boolean {
  return tags === UNKNOWN || knownFields(tags)[BLOCKS.key] === BLOCKS.value;
}
