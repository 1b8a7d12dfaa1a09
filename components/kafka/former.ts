import { type KafkaSkill, retryTopicName } from "../../skill/index.ts";
import { type FormerKafka, keptFor, once } from "../former.ts";
import type { Subscription } from "./access.ts";
import { retryTopicsOf } from "./retryTopics.ts";

type Places = Pick<FormerKafka, "retries">;
type Retry = FormerKafka["retries"][number];

/** What an earlier output told an app to use, by consumer group, then by topic. */
export const placesOf = (consumes: Record<string, Record<string, Subscription>>): Places => ({
  retries: Object.values(consumes)
    .flatMap((topics) => Object.values(topics))
    .flatMap(({ topic, groupId: group, retries }) => retries.map(({ delay }) => ({ topic, group, delay }))),
});

/** Those of an app's earlier retry topics that the skill has no more, of the groups that are still the app's: others lose their rights at once. */
export const formerPlaces = (spec: KafkaSkill, app: string, { retries }: Places): Places => ({
  retries: once(retries, placeOf).filter((one) => {
    const topic = Object.hasOwn(spec.topics, one.topic) ? spec.topics[one.topic] : undefined;
    const consumer = topic && Object.hasOwn(topic.consumers, one.group) ? topic.consumers[one.group] : undefined;
    if (consumer?.app !== app) return false;
    return !retryTopicsOf(one.topic, one.group, consumer).some(({ delay }) => delay === one.delay);
  }),
});

/** The name on the broker of a former retry topic. */
export const placeOf = ({ topic, group, delay }: Retry): string => retryTopicName(topic, group, delay);

/** The former retry topics of a topic, each once, with the apps that they are kept for in words. */
export function formerRetries(former: readonly FormerKafka[], topic: string) {
  const all = former.flatMap(({ app, retries }) => retries.map((retry) => ({ ...retry, kept: keptFor([app]) })));
  return once(
    all.filter((one) => one.topic === topic),
    placeOf,
  );
}
