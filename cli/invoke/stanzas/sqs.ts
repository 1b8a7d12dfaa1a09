import { type Asked, appsOf, type Stanza, says } from "./stanza.ts";

/** AWS: a queue that feeds a Lambda function needs six times the function's timeout, which is 30 s where nobody says more. */
const LAMBDA_TIMEOUT = "180s";

/** What to propose on SQS: a FIFO queue with its dead-letter queue. */
export function sqsStanza({ text, subject, roles, suffix }: Asked): Stanza {
  const name = `${subject.plural}${suffix}`;
  const lambda = says(text, "lambdas?|serverless");
  const fast = says(text, "high[- ](?:through[- ]?put|volume)|scal\\w+|burst\\w*|parallel");
  const { producer, consumers } = roles;
  const at = (key: string) => `sqs/queues/${name}/${key}`;
  return {
    what: `the FIFO queue ${name}.fifo, and ${name}-dlq.fifo for what fails`,
    section: {
      apps: appsOf(producer, ...consumers.slice(0, 1)),
      sqs: {
        queues: {
          [name]: {
            contentBasedDeduplication: true,
            highThroughput: fast,
            visibilityTimeout: lambda ? LAMBDA_TIMEOUT : "60s",
            retention: "4d",
            onPoison: "deadLetter",
            producers: [producer],
            consumers: consumers.slice(0, 1),
            retry: { maxAttempts: 5 },
          },
        },
      },
    },
    comments: {
      [at("contentBasedDeduplication")]: "the same body within five minutes is one message",
      [at("highThroughput")]: fast
        ? "order and deduplication count by message group, so groups work side by side"
        : "true where one queue must pass more than 300 calls a second",
      [at("visibilityTimeout")]: lambda
        ? "six times the function's timeout (30 s), as AWS asks for; also the delay of a retry"
        : "longer than the slowest handling, or it comes twice; also the delay of a retry",
      [at("retry")]: lambda
        ? "five, as AWS asks for of a function's queue; then the dead-letter queue"
        : "then the dead-letter queue",
    },
    advice: [
      `An app is the IAM role of its name in the queue's account: ${[producer, consumers[0]].join(" and ")} must be there, or awsPrincipal say which they are.`,
      "Order is kept by message group: give each customer or order a group of its own, as all of one group wait for each other.",
      ...(lambda
        ? [
            "In the function's event source mapping turn on ReportBatchItemFailures: otherwise one failure brings back its whole batch.",
          ]
        : []),
      ...(consumers.length > 1
        ? [
            `A queue has each message once: for ${consumers.slice(1).join(" and ")} make a queue each, or ask for Kafka.`,
          ]
        : []),
    ],
  };
}
