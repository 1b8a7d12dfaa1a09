import { knownFields, number, text } from "./plain.ts";
import { isNamed } from "./rule.ts";
import { calledOf, type Seen } from "./seen.ts";

/** Kafka's own default of retention.ms: seven days. */
const DEFAULT_RETENTION = 604_800_000;

/** How dead-letter topics end, after the name of their topic and a `.`, `-` or `_`. */
const DEAD_LETTER = /[._-](?:dlt|dlq|dead[._-]?letters?)$/i;
const RETRY = /[._-]retry(?:[._-]|$)/i;

/** Whether a resource is a Kafka topic. */
export const isTopic = ({ type }: Seen): boolean => type === "kafka:index/topic:Topic";

/** A topic's own settings, as far as they are known. */
export const configOf = ({ props }: Seen): Record<string, unknown> => knownFields(props.config);

/** How long a topic keeps a record, in milliseconds; Infinity for ever, undefined where that is not by time. */
export function retentionOf(topic: Seen): number | undefined {
  const config = configOf(topic);
  if (text(config["cleanup.policy"]) === "compact") return undefined;
  const retention = number(config["retention.ms"] ?? DEFAULT_RETENTION);
  return retention === -1 ? Number.POSITIVE_INFINITY : retention;
}

/**
 * The dead-letter topics with the topics whose dead letters they hold. `named` says so of topics by name; the others are known
 * by theirs: `orders.dlt`, `orders-dlq`, `orders.shipping.dead-letters` belong to `orders`.
 */
export function deadLetterPairs(
  resources: Seen[],
  named: Record<string, unknown>,
): { source: Seen; deadLetters: Seen }[] {
  const topics = resources.filter(isTopic);
  const isSource = ({ name }: { name: string }) => !DEAD_LETTER.test(name) && !RETRY.test(name) && !(name in named);
  const sources = topics
    .map((topic) => ({ topic, name: calledOf(topic) }))
    .filter(isSource)
    .sort((a, b) => b.name.length - a.name.length);
  return topics.flatMap((deadLetters) => {
    const name = calledOf(deadLetters);
    const of = named[name];
    const source =
      typeof of === "string"
        ? topics.find((topic) => isNamed(calledOf(topic), [of]))
        : DEAD_LETTER.test(name)
          ? sources.find(
              (candidate) => /^[._-]/.test(name.slice(candidate.name.length)) && name.startsWith(candidate.name),
            )?.topic
          : undefined;
    return source ? [{ source, deadLetters }] : [];
  });
}

/** The key of a rule's configuration that says which topics hold dead letters of which. */
export const DEAD_LETTER_TOPICS = {
  type: "object",
  additionalProperties: { type: "string" },
  description: "Dead-letter topics whose names do not tell, with the topics that they belong to.",
} as const;
