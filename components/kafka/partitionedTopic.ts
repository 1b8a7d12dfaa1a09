import { Topic } from "@pulumi/kafka/topic.js";
import * as pulumi from "@pulumi/pulumi";
import { deadLetterTopicName, type KafkaTopic, retryTopicName } from "../../skill/index.ts";
import { toDeadLetterTopicConfig, toRetryTopicConfig, toTopicConfig } from "./config.ts";
import { retryTopicsOf } from "./retryTopics.ts";

export interface PartitionedTopicArgs {
  /** The topic as the skill has it. */
  spec: KafkaTopic;
  /** Retry topics that apps which run with earlier outputs still use. Default: none. */
  former?: readonly { group: string; delay: number }[];
}

/**
 * A work topic and, for each of its consumer groups, a retry topic a distinct delay and a dead-letter topic, all of as many
 * partitions, so that a record keeps its partition. A child's logical name is its name on the broker, so no two can collide.
 */
export class PartitionedTopic extends pulumi.ComponentResource {
  /** The work topic's name. */
  readonly topic: pulumi.Output<string>;
  /** The work topic, its retry topics and its dead-letter topics, by name. */
  readonly topics: Record<string, pulumi.Resource> = {};
  /** By consumer group: its dead-letter topic's name. */
  readonly deadLetterTopics: Record<string, pulumi.Output<string>>;

  constructor(name: string, { spec, former = [] }: PartitionedTopicArgs, opts?: pulumi.ComponentResourceOptions) {
    super("messaging:kafka:PartitionedTopic", name, {}, opts);

    const { partitions, replicationFactor } = spec;
    const declare = (topic: string, config: Record<string, string>, after: pulumi.Resource[] = []) => {
      const own = { parent: this, dependsOn: after };
      const made = new Topic(topic, { name: topic, partitions, replicationFactor, config }, own);
      this.topics[topic] = made;
      return made;
    };
    const deadLetters = Object.keys(spec.consumers).map(
      (group) => [group, declare(deadLetterTopicName(name, group), toDeadLetterTopicConfig(spec))] as const,
    );
    const retries = [
      ...Object.entries(spec.consumers).flatMap(([group, consumer]) => retryTopicsOf(name, group, consumer)),
      ...former.map(({ group, delay }) => ({ delay, place: retryTopicName(name, group, delay) })),
    ].map(({ delay, place }) => declare(place, toRetryTopicConfig(spec, delay)));
    // A message may fail as soon as there is one.
    const after = [...deadLetters.map(([, made]) => made), ...retries];
    const topic = declare(name, toTopicConfig(spec), after);

    const outputs = {
      topic: topic.name,
      deadLetterTopics: Object.fromEntries(deadLetters.map(([group, made]) => [group, made.name])),
    };
    this.topic = outputs.topic;
    this.deadLetterTopics = outputs.deadLetterTopics;
    this.registerOutputs(outputs);
  }
}
