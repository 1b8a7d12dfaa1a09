import { isNamed, namesKey, namesOf, resourceRule } from "../rule.ts";
import { calledOf } from "../seen.ts";

const PRODUCTION = ["prod", "production"];
/** What is in these components is guarded by the data-loss gate, which refuses by what the resource holds. */
const GUARDED = ["messaging:index:Messaging"];

const STATEFUL: Record<string, string> = {
  "rabbitmq:index/queue:Queue": "rabbitmq",
  "rabbitmq:index/vHost:VHost": "rabbitmq vhost",
  "kafka:index/topic:Topic": "kafka",
  "aws:sqs/queue:Queue": "sqs",
  "aws:elasticache/replicationGroup:ReplicationGroup": "redis",
  "aws:elasticache/cluster:Cluster": "redis",
  "aws:elasticache/serverlessCache:ServerlessCache": "redis",
  "docker:index/volume:Volume": "volume",
};

/** In production, what holds messages is not deleted or replaced by a slip. */
export const protectStateful = resourceRule({
  name: "protect-stateful",
  description: "In production, what holds messages is protected.",
  severity: "high",
  remedy: "Set `protect: true` in its resource options.",
  config: {
    productionStacks: namesKey("Stacks that are production; * stands for any text.", PRODUCTION),
    guarded: namesKey(
      "Types of components whose resources something else guards, by default the data-loss gate.",
      GUARDED,
    ),
  },
  check: (resource, { stack, config }) => {
    const kind = STATEFUL[resource.type];
    if (kind === undefined || resource.protect || !isNamed(stack, namesOf(config.productionStacks, PRODUCTION)))
      return [];
    const guarded = namesOf(config.guarded, GUARDED);
    if (resource.within.some((component) => guarded.includes(component))) return [];
    return [`${kind}/${calledOf(resource)}: must be protected in ${stack}, got protect: false`];
  },
});
