import { type Expected, entries, mayNot, type Written, when } from "./oracle.ts";

/** The calls that are tried on a queue, by their IAM names without `sqs:`. */
export const SQS_ACTIONS = [
  "SendMessage",
  "ReceiveMessage",
  "DeleteMessage",
  "ChangeMessageVisibility",
  "GetQueueUrl",
  "GetQueueAttributes",
  "SetQueueAttributes",
  "PurgeQueue",
  "DeleteQueue",
  "AddPermission",
  "RemovePermission",
  "TagQueue",
  "StartMessageMoveTask",
  "ListDeadLetterSourceQueues",
] as const;

/** Something that one may try on SQS. */
export interface SqsTry {
  action: (typeof SQS_ACTIONS)[number];
  /** Its name in AWS. */
  queue: string;
  /** Whether the request comes over TLS. */
  tls: boolean;
}

const SENDING = ["SendMessage", "GetQueueUrl"];
const RECEIVING = ["ReceiveMessage", "DeleteMessage", "ChangeMessageVisibility", "GetQueueUrl", "GetQueueAttributes"];

/** What an app may do by the skill; `undefined` is somebody whom the skill does not know. */
export function onSqs(skill: Written, app: string | undefined, { action, queue, tls }: SqsTry): Expected {
  if (!tls || app === undefined) return mayNot;
  return when(
    entries(skill.sqs?.queues).some(([name, { producers = [], consumers = [], onPoison = "deadLetter" }]) => {
      if (queue === `${name}.fifo`) {
        return (
          (producers.includes(app) && SENDING.includes(action)) ||
          (consumers.includes(app) && RECEIVING.includes(action))
        );
      }
      // Whoever gives a message up sends it to the dead letters with its error.
      const deadLetters = onPoison === "deadLetter" && queue === `${name}-dlq.fifo`;
      return deadLetters && consumers.includes(app) && SENDING.includes(action);
    }),
  );
}
