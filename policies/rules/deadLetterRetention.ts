import * as kafka from "../kafka.ts";
import { knownFields, number } from "../plain.ts";
import * as rabbitmq from "../rabbitmq.ts";
import { type Finding, stackRule } from "../rule.ts";
import { calledOf, type Seen } from "../seen.ts";
import * as sqs from "../sqs.ts";

/** SQS's own default of messageRetentionSeconds: four days. */
const SQS_RETENTION = 345_600;

/** Dead letters wait for people: they may not be gone before the messages that did not fail. */
export const deadLetterRetention = stackRule({
  name: "dead-letter-retention",
  description: "Dead letters are kept at least as long as messages in what they come from.",
  severity: "high",
  remedy:
    "Raise the retention of the dead letters: messageRetentionSeconds on SQS (1209600 is the most), retention.ms on Kafka, " +
    "message-ttl on RabbitMQ; no `expires` on a RabbitMQ dead-letter queue.",
  config: { deadLetterTopics: kafka.DEAD_LETTER_TOPICS },
  check: (resources, { config }) => [
    ...ofSqs(resources),
    ...ofKafka(resources, knownFields(config.deadLetterTopics)),
    ...ofRabbitmq(resources),
  ],
});

const ofSqs = (resources: Seen[]): Finding[] =>
  resources.filter(sqs.isQueue).flatMap((source) =>
    sqs.deadLetterQueuesOf(source, resources).flatMap((at) => {
      const of = ({ props }: Seen) => number(props.messageRetentionSeconds ?? SQS_RETENTION);
      return shorter("sqs", "s", [at, of(at)], [source, of(source)]);
    }),
  );

const ofKafka = (resources: Seen[], named: Record<string, unknown>): Finding[] =>
  kafka
    .deadLetterPairs(resources, named)
    .flatMap(({ source, deadLetters }) =>
      shorter("kafka", "ms", [deadLetters, kafka.retentionOf(deadLetters)], [source, kafka.retentionOf(source)]),
    );

function ofRabbitmq(resources: Seen[]): Finding[] {
  const queues = resources.filter(rabbitmq.isQueue).map((queue) => rabbitmq.settingsOfQueue(queue, resources));
  const settings = new Map(queues.map((queue) => [queue.queue, queue]));
  const pairs = queues.flatMap((source) =>
    (rabbitmq.deadLetterQueuesOf(source, resources) ?? []).map((at) => ({ source, target: settings.get(at)! })),
  );
  const expiring = new Set(pairs.map(({ target }) => target).filter(({ expires }) => expires !== undefined));
  return [
    ...pairs.flatMap(({ source, target }) => {
      // A queue without a time keeps its messages until they are consumed: no retention to compare with.
      if (source.messageTtl === undefined || rabbitmq.isDelay(source)) return [];
      const kept = target.messageTtl ?? Number.POSITIVE_INFINITY;
      return shorter("rabbitmq", "ms", [target.queue, kept], [source.queue, source.messageTtl]);
    }),
    ...[...expiring].map(({ queue, expires }) => ({
      at: queue,
      problem: `rabbitmq/${calledOf(queue)}: must stay while nobody consumes it, got expires ${expires} ms`,
    })),
  ];
}

/** A time that a queue or topic keeps messages for; none where it is not known, or not by time. */
type Kept = [resource: Seen, time: number | undefined];

function shorter(broker: string, unit: string, [at, kept]: Kept, [source, wanted]: Kept): Finding[] {
  if (kept === undefined || wanted === undefined || kept >= wanted) return [];
  const least = wanted === Number.POSITIVE_INFINITY ? "for ever" : `${wanted} ${unit}`;
  const rule = `must keep dead letters as long as ${calledOf(source)} keeps messages`;
  return [{ at, problem: `${broker}/${calledOf(at)}: ${rule}, ${least}, got ${kept} ${unit}` }];
}
