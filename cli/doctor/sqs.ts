import type { SqsFigures } from "../../live/health/sqs.ts";
import { counted, type Finding, lasting, NEARLY_FULL } from "./finding.ts";

/** AWS: so many messages of a queue may be in flight; then receiving gives none (FIFO) or an error. */
const MOST_IN_FLIGHT = 120_000;

/** The troubles in two looks at SQS, some seconds apart. How old the oldest message is and how long handling takes, only CloudWatch knows. */
export function sqsFindings([before, now]: [readonly SqsFigures[], readonly SqsFigures[]]): Finding[] {
  const earlier = new Map(before.map((queue) => [queue.flow, queue]));
  return now.flatMap((queue) => [...settings(queue), ...flow(earlier.get(queue.flow) ?? queue, queue)]);
}

function settings({ flow: place, redrive, retention, deadLetterRetention, visibilityTimeout }: SqsFigures): Finding[] {
  const busy = visibilityTimeout * (redrive?.maxReceiveCount ?? 1);
  return [
    ...(redrive
      ? []
      : [
          {
            trouble: "message loss" as const,
            place,
            found: "it passes nothing on to its dead-letter queue",
            cause: "Its redrive policy was taken away, so a message that always fails comes back until it expires.",
            mend: "Bring the policy back: npx pulumi refresh, then npx pulumi up.",
            command: "npx messaging drift",
          },
        ]),
    ...(redrive && deadLetterRetention < retention
      ? [
          {
            trouble: "message loss" as const,
            place,
            found: `dead letters are kept for ${lasting(deadLetterRetention * 1000)}, messages for ${lasting(retention * 1000)}`,
            cause:
              "A dead letter's age counts from when it was sent first: it may expire on the day that it ends there.",
            mend: "Bring the dead-letter queue's retention back to 14 d: npx pulumi refresh, then npx pulumi up.",
            command: "npx messaging drift",
          },
        ]
      : []),
    ...(retention <= busy
      ? [
          {
            trouble: "message loss" as const,
            place,
            found: `messages are kept for ${lasting(retention * 1000)}, and their deliveries take ${lasting(busy * 1000)}`,
            cause: "Its retention or visibility timeout was changed: messages expire before their last delivery.",
            mend: "Bring the settings back: npx pulumi refresh, then npx pulumi up.",
            command: "npx messaging drift",
          },
        ]
      : []),
    ...(visibilityTimeout === 0
      ? [
          {
            trouble: "duplicates" as const,
            place,
            found: "its visibility timeout is 0 s",
            cause: "A message is there for the next consumer while the first one still handles it.",
            mend: "Set a visibilityTimeout longer than the slowest handling.",
          },
        ]
      : []),
  ];
}

function flow(before: SqsFigures, { flow: place, visible, inFlight, visibilityTimeout }: SqsFigures): Finding[] {
  if (inFlight >= NEARLY_FULL * MOST_IN_FLIGHT)
    return [
      {
        trouble: "refused",
        place,
        found: `${counted(inFlight, "message")} in flight of at most ${MOST_IN_FLIGHT.toLocaleString("en-US")}`,
        cause: "Consumers receive and do not delete: they hang, die, or forget to.",
        mend: `Look at the consumer; what it has comes back after ${visibilityTimeout} s by itself.`,
      },
    ];
  const idle =
    visible > 0 && inFlight === 0 && before.visible > 0 && before.inFlight === 0 && visible >= before.visible;
  if (idle)
    return [
      {
        trouble: "backlog",
        place,
        found: `${counted(visible, "message")}, and none in flight`,
        cause: "Nobody receives: the consumer is down, or its role may not (AccessDenied in its log).",
        mend: "Start the consumer. Messages stay for the queue's retention, and no longer.",
      },
    ];
  return [];
}
