import { configOf, isTopic } from "../kafka.ts";
import { isLocal } from "../local.ts";
import { number, UNKNOWN } from "../plain.ts";
import { resourceRule } from "../rule.ts";
import { calledOf } from "../seen.ts";

const LEAST_REPLICAS = 3;
const MIN_IN_SYNC = "min.insync.replicas";

/** Outside local, a record outlives a broker: three copies, two of them before it is acknowledged, and one broker may fail. */
export const kafkaDurability = resourceRule({
  name: "kafka-durability",
  description:
    "Outside local, a Kafka topic has three replicas or more, and its acknowledged records are on two of them or more.",
  severity: "high",
  remedy:
    "Set replicationFactor to 3 and config min.insync.replicas to 2. The key must be on the topic: what the broker would take by default is not to be seen here.",
  check: (topic, settings) => {
    if (!isTopic(topic) || isLocal(topic, settings)) return [];
    const name = `kafka/${calledOf(topic)}`;
    const replicas = number(topic.props.replicationFactor);
    if (replicas === undefined || topic.props.config === UNKNOWN || configOf(topic)[MIN_IN_SYNC] === UNKNOWN) return [];
    if (replicas < LEAST_REPLICAS)
      return [`${name}: must have a replicationFactor of at least ${LEAST_REPLICAS}, got ${replicas}`];
    const inSync = number(configOf(topic)[MIN_IN_SYNC]);
    if (inSync !== undefined && inSync >= 2 && inSync < replicas) return [];
    return [`${name}: must have ${MIN_IN_SYNC} of 2 to ${replicas - 1}, got ${inSync ?? "none"}`];
  },
});
