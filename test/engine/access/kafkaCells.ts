import type { Cell, Principal } from "./cells.ts";
import { delaysOf, entries, type Written } from "./oracle.ts";
import { KAFKA_ACTIONS, type KafkaTry, onKafka } from "./oracleKafka.ts";

const OWN = ["__consumer_offsets", "__transaction_state"];

/** What is tried on Kafka: on all that the skill makes, on names that look like it, and on what is the broker's own. */
export function kafkaTries(skill: Written): KafkaTry[] {
  const flows = entries(skill.kafka.topics);
  const work = flows.map(([topic]) => topic);
  const failures = flows.flatMap(([topic, { consumers }]) =>
    entries(consumers).flatMap(([group, consumer]) => [
      `${topic}.${group}.dlt`,
      ...new Set(
        (consumer.ordered ? [] : delaysOf(consumer.retry, skill.retry)).map(
          (delay) => `${topic}.${group}.retry.${delay}`,
        ),
      ),
    ]),
  );
  const topics = [...work, ...failures, ...OWN, "orders.new"];
  const groups = [
    ...new Set(flows.flatMap(([, { consumers }]) => Object.keys(consumers ?? {}))),
    "takers-new",
    "orders",
  ];
  const transactions = ["orders", "maker", "takers", "messaging"];

  return [
    ...KAFKA_ACTIONS.topic.filter((action) => action !== "delete topic").flatMap((action) => on(action, topics)),
    ...KAFKA_ACTIONS.group.flatMap((action) => groups.map((group) => ({ action, group }) as KafkaTry)),
    ...groups.flatMap((group) => work.map((topic): KafkaTry => ({ action: "commit offsets", group, topic }))),
    ...transactions.map((transactionalId): KafkaTry => ({ action: "transactional write", transactionalId })),
    ...KAFKA_ACTIONS.cluster.map((action): KafkaTry => ({ action })),
    // What would take a topic away from the tries above comes last.
    ...on("delete topic", topics),
  ];
}

const on = (action: (typeof KAFKA_ACTIONS.topic)[number], topics: string[]): KafkaTry[] =>
  topics.map((topic) => ({ action, topic }));

/** Who is let in tries everything; who is not, each action on what is most often allowed. */
export function kafkaCells(skill: Written, principal: Principal): Cell<KafkaTry>[] {
  const tries = kafkaTries(skill);
  const known = tries.some((tried) => onKafka(skill, principal.app, tried).allowed);
  return (known ? tries : tries.filter(ofOrders)).map((tried) => ({
    principal,
    tried,
    expected: onKafka(skill, principal.app, tried),
  }));
}

const ofOrders = (tried: KafkaTry): boolean =>
  (!("topic" in tried) || tried.topic === "orders") &&
  (!("group" in tried) || tried.group === "takers") &&
  (!("transactionalId" in tried) || tried.transactionalId === "orders");
