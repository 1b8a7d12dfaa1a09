import { type KafkaSkill, parseSkill, type Skill } from "../../../skill/index.ts";

/** A skill with these topics and the apps a to d. */
export const skillOf = (topics: object): Skill =>
  parseSkill({ name: "shop", version: "2.0.0", apps: { a: {}, b: {}, c: {}, d: {} }, kafka: { topics } });

export const kafkaOf = (topics: object): KafkaSkill => skillOf(topics).kafka!;

/** One topic, `events`, with every default of the skill. */
export const topicOf = (topic: object) => kafkaOf({ events: topic }).topics.events!;
