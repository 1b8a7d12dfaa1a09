import type { AppAccess } from "../../client/access.ts";
import type { SqsDeadLetters, SqsOperator } from "../../client/operator.ts";
import { nameOf } from "../../client/sqs/api.ts";
import type { SqsFigures, SqsRefused } from "../../live/health/sqs.ts";
import {
  counted,
  type Finding,
  GONE,
  gone,
  type Limits,
  lasting,
  NEARLY_FULL,
  RESTORE,
  those,
  untold,
} from "./finding.ts";
import { settingFindings } from "./settings.ts";

/** AWS: of a queue no more messages may be in flight; then receiving gives none (FIFO) or an error. */
const MOST_IN_FLIGHT = 120_000;

/** Queues are looked at no longer than this, in milliseconds; of what may stand still for longer with nothing wrong, nothing is told. */
const LONGEST_LOOK_MS = 120_000;

type Look = readonly (SqsFigures | SqsRefused)[];

const figuresOf = (look: Look): Map<string, SqsFigures> =>
  new Map(look.flatMap((queue) => ("refused" in queue ? [] : [[queue.flow, queue]])));

/** Whether messages wait while others are in hand, and neither are fewer than before. */
const isHeld = (before: SqsFigures, { visible, inFlight }: SqsFigures): boolean =>
  inFlight > 0 && inFlight === before.inFlight && before.visible > 0 && visible >= before.visible;

/** For how many seconds one message may be delivered again and again before it is a dead letter. */
const retriedFor = ({ visibilityTimeout, redrive }: SqsFigures): number =>
  visibilityTimeout * (redrive?.maxReceiveCount ?? 1);

/**
 * The queues that are held for longer than `after`, and than a message that waits for its retries holds its message group, as is intended.
 * How old the oldest message is, only CloudWatch knows: `again` looks at those of which that is not sure yet, a while later.
 */
export async function heldQueues(
  [before, now]: [Look, Look],
  { after }: Limits,
  /** Milliseconds, as `Date.now()`: when the first look ended. */
  began: number,
  again: (flows: string[]) => Promise<Look>,
): Promise<SqsFigures[]> {
  const earlier = figuresOf(before);
  const patience = (queue: SqsFigures) => Math.max(after, retriedFor(queue) * 1000);
  const heldIn = (look: Look) =>
    [...figuresOf(look).values()].filter(
      (queue) => isHeld(earlier.get(queue.flow) ?? queue, queue) && patience(queue) <= LONGEST_LOOK_MS,
    );
  const held: SqsFigures[] = [];
  let unsure = heldIn(now);
  for (;;) {
    const lasted = Date.now() - began;
    held.push(...unsure.filter((queue) => lasted >= patience(queue)));
    unsure = unsure.filter((queue) => lasted < patience(queue));
    if (unsure.length === 0) return held;
    unsure = heldIn(await again(unsure.map(({ flow }) => flow)));
  }
}

/** The troubles in two looks at SQS, some seconds apart. `held`: what {@link heldQueues} gave. */
export function sqsFindings(
  [before, now]: [Look, Look],
  access: SqsOperator,
  apps: Record<string, Pick<AppAccess, "sqs">> = {},
  held: readonly SqsFigures[] = [],
): Finding[] {
  const earlier = figuresOf(before);
  const found = now.flatMap((queue) => {
    if (!("refused" in queue))
      return [...settings(queue), ...promised(queue, access, apps), ...flow(earlier.get(queue.flow) ?? queue, queue)];
    const { flow: place, refused } = queue;
    if (GONE.test(refused)) return [gone(place, "the queue", "sending to it is refused")];
    return [untold(place, "what it holds", refused)];
  });
  return [...found, ...held.filter((queue) => !isFull(queue)).map(heldFinding)];
}

/** What the outputs say of it, which is known without Pulumi's state, too. */
function promised(queue: SqsFigures, sqs: SqsOperator, apps: Record<string, Pick<AppAccess, "sqs">>): Finding[] {
  const { queueUrl, deadLetterQueueUrl } = sqs.deadLetters.find(({ flow }) => flow === queue.flow) as SqsDeadLetters;
  const consumer = Object.values(apps)
    .flatMap((app) => Object.values(app.sqs?.consumes ?? {}))
    .find((one) => one.queueUrl === queueUrl);
  const redrive = { deadLetterTargetArn: nameOf(deadLetterQueueUrl), maxReceiveCount: consumer?.maxReceiveCount };
  const changes = [
    ...(consumer ? [differs("VisibilityTimeout", consumer.visibilityTimeout, queue.visibilityTimeout)] : []),
    ...(queue.redrive ? [differs("RedrivePolicy", JSON.stringify(redrive), JSON.stringify(queue.redrive))] : []),
  ];
  const drifted = { broker: "sqs", kind: "queue", name: nameOf(queueUrl), status: "changed" as const, changes };
  return settingFindings(drifted, { sqs });
}

const differs = (property: string, expected: string | number, found: string | number) => ({
  property,
  expected: String(expected),
  found: String(found),
});

function settings(queue: SqsFigures): Finding[] {
  const { flow: place, redrive, retention, deadLetterRetention, visibilityTimeout } = queue;
  const busy = retriedFor(queue);
  const back = (what: string) => ({ fix: `Bring ${what} back: ${RESTORE}.`, command: "npx messaging drift" });
  return those(
    !redrive && {
      trouble: "message loss",
      place,
      found: "it passes nothing on to its dead-letter queue",
      cause: "Its redrive policy was taken away, so a message that always fails comes back until it expires.",
      ...back("the policy"),
    },
    deadLetterRetention !== undefined &&
      deadLetterRetention < retention && {
        trouble: "message loss",
        place,
        found: `dead letters are kept for ${lasting(deadLetterRetention * 1000)}, messages for ${lasting(retention * 1000)}`,
        cause:
          "The dead-letter queue's retention was changed. It counts from when a message ended there (of a FIFO queue, not from when it was sent), and what nobody has looked at by then is deleted.",
        ...back("its retention of 14 d"),
      },
    retention <= busy && {
      trouble: "message loss",
      place,
      found: `messages are kept for ${lasting(retention * 1000)}, and their deliveries take ${lasting(busy * 1000)}`,
      cause: "Its retention or visibility timeout was changed: messages expire before their last delivery.",
      ...back("the settings"),
    },
    visibilityTimeout === 0 && {
      trouble: "duplicates",
      place,
      found: "its visibility timeout is 0 s",
      cause: "A message is there for the next consumer while the first one still handles it.",
      fix: "Set a visibilityTimeout longer than the slowest handling.",
    },
  );
}

const isFull = ({ inFlight }: SqsFigures): boolean => inFlight >= NEARLY_FULL * MOST_IN_FLIGHT;

function flow(before: SqsFigures, now: SqsFigures): Finding[] {
  const { flow: place, visible, inFlight, visibilityTimeout } = now;
  const idle =
    visible > 0 && inFlight === 0 && before.visible > 0 && before.inFlight === 0 && visible >= before.visible;
  return those(
    isFull(now) && {
      trouble: "refused",
      place,
      found: `${counted(inFlight, "message")} in flight of at most ${MOST_IN_FLIGHT.toLocaleString("en-US")}`,
      cause: "Consumers receive and do not delete: they hang, die, or forget to.",
      fix: `Look at the consumer; what it has comes back after ${visibilityTimeout} s by itself.`,
    },
    idle && {
      trouble: "backlog",
      place,
      found: `${counted(visible, "message")}, and none in flight`,
      cause: "Nobody receives: the consumer is down, or its role may not (AccessDenied in its log).",
      fix: "Start the consumer. Messages stay for the queue's retention, and no longer.",
    },
  );
}

const heldFinding = ({ flow: place, visible, inFlight, visibilityTimeout }: SqsFigures): Finding => ({
  trouble: "lag",
  place,
  found: `${counted(inFlight, "message")} in flight, and ${visible.toLocaleString("en-US")} more wait, no fewer than at the first look`,
  cause:
    "A handler hangs or is slow, or somebody who received a message (a script, a consumer that died) gave it a long visibility timeout. The others of its message group wait behind it.",
  fix: `Fix what the consumer's log says of that message; restart it only if the log is silent. A message that nobody handles comes back by itself, after ${visibilityTimeout} s or what its receiver asked for, at most 12 h from its receive: before that SQS takes it only from whoever has its receipt handle (ChangeMessageVisibility to 0). Do not purge the queue: that deletes all of it.`,
  command: `npx messaging verify ${place}`,
});
