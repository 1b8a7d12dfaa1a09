import { deadLetterTopicName, type KafkaConsumer, type KafkaSkill } from "../../skill/index.ts";
import { retryTopicsOf } from "./retryTopics.ts";

/** One topic of those that are replaced together; see `ReplacedLog` in client/kafka/replacedLogs.ts. */
export interface CopiedTopic {
  from: string;
  to: string;
  kind: "work" | "retry" | "deadLetters";
  groupId?: string;
  shared?: boolean;
}

/** What is copied for a topic that is replaced: itself, and each group's retry topics and dead-letter topic. */
export function copiedTopics(spec: KafkaSkill, old: string): CopiedTopic[] {
  const next = spec.replace![old]!;
  const groups = Object.entries(spec.topics[old]!.consumers);
  return [
    { from: old, to: next, kind: "work" },
    ...groups.flatMap(([groupId, consumer]) => [
      ...retryTopicsOf(old, groupId, consumer).map(({ delay, place }) => ({
        from: place,
        ...retryTarget(next, groupId, delay, spec.topics[next]!.consumers[groupId]!),
        kind: "retry" as const,
        groupId,
      })),
      {
        from: deadLetterTopicName(old, groupId),
        to: deadLetterTopicName(next, groupId),
        kind: "deadLetters" as const,
        groupId,
      },
    ]),
  ];
}

/** The retry topic of the same delay, else of the longest; where the new topic's group keeps the order, the topic itself. */
function retryTarget(next: string, groupId: string, delay: number, consumer: KafkaConsumer) {
  const retries = retryTopicsOf(next, groupId, consumer);
  const same = retries.find((retry) => retry.delay === delay) ?? retries.at(-1);
  return same ? { to: same.place } : { to: next, shared: true };
}
