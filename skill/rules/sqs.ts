import { fifoDeadLetterName, fifoName } from "../names.ts";
import { type Finding, shown } from "../problem.ts";
import { overridden } from "../retry.ts";
import type { SkillDocument } from "../schema.ts";
import { toSeconds } from "../units.ts";

const queuesOf = ({ sqs }: SkillDocument) =>
  Object.entries(sqs?.queues ?? {}).map(([name, queue]) => ({ name, queue, path: ["sqs", "queues", name] }));

/** No queue has the name of another's dead-letter queue. */
export function sqsNames(document: SkillDocument): Finding[] {
  const queues = queuesOf(document);
  const owners = new Map(
    queues
      .filter(({ queue }) => queue.onPoison === "deadLetter")
      .map((owner) => [fifoDeadLetterName(owner.name), owner] as const),
  );
  return queues.flatMap(({ name, path }) => {
    const owner = owners.get(fifoName(name));
    if (owner === undefined) return [];
    const rule = `not be named as the dead-letter queue of ${owner.name} is`;
    return [{ path, rule, got: shown(name), reads: [[...owner.path, "onPoison"]] }];
  });
}

/** A queue that blocks never ends its deliveries, and the delay of the others is their visibility timeout. */
export const sqsRetry = (document: SkillDocument): Finding[] =>
  queuesOf(document).flatMap(({ queue: { onPoison, retry = {} }, path }) =>
    Object.entries(retry)
      .filter(([key, value]) => value !== undefined && (onPoison === "block" || key !== "maxAttempts"))
      .map(([key, value]) => ({
        path: [...path, "retry", key],
        rule:
          onPoison === "block"
            ? "not be set with onPoison: block, where deliveries never end"
            : "not be set for an SQS queue, where visibilityTimeout is the delay of a retry",
        got: shown(value),
        reads: [[...path, "onPoison"]],
      })),
  );

/** No message expires before its last delivery. */
export const sqsExpiry = (document: SkillDocument): Finding[] =>
  queuesOf(document).flatMap(({ queue, path }) => {
    const { maxAttempts } = overridden(document.retry, queue.retry);
    const deliveries = queue.onPoison === "block" ? 1 : maxAttempts;
    const busy = deliveries * toSeconds(queue.visibilityTimeout);
    if (toSeconds(queue.retention) > busy) return [];
    const reads = [
      ["retry", "maxAttempts"],
      ...["visibilityTimeout", "onPoison", "retry"].map((key) => [...path, key]),
    ];
    const rule = `be longer than ${deliveries} x visibilityTimeout (${busy}s), or messages expire before their last delivery`;
    return [{ path: [...path, "retention"], rule, got: shown(queue.retention), reads }];
  });
