import { DEAD_LETTER_TOPICS, deadLetterPairs } from "../kafka.ts";
import { knownFields, number } from "../plain.ts";
import { stackRule } from "../rule.ts";
import { calledOf } from "../seen.ts";

/** Whoever writes a dead letter to the partition that the record came from, as Spring does, fails where there is none. */
export const kafkaDeadLetterPartitions = stackRule({
  name: "kafka-dead-letter-partitions",
  description: "A Kafka dead-letter topic has at least as many partitions as its topic.",
  severity: "high",
  remedy: "Raise `partitions` of the dead-letter topic; Kafka adds them in place.",
  config: { deadLetterTopics: DEAD_LETTER_TOPICS },
  check: (resources, { config }) =>
    deadLetterPairs(resources, knownFields(config.deadLetterTopics)).flatMap(({ source, deadLetters }) => {
      const [wanted, got] = [number(source.props.partitions), number(deadLetters.props.partitions)];
      if (wanted === undefined || got === undefined || got >= wanted) return [];
      const problem = `kafka/${calledOf(deadLetters)}: must have at least the ${wanted} partitions of ${calledOf(source)}, got ${got}`;
      return [{ at: deadLetters, problem }];
    }),
});
