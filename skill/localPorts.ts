import type { Environment } from "./environment.ts";
import { type Problem, SkillError } from "./problem.ts";
import type { Skill } from "./schema.ts";

/** A port on 127.0.0.1 that the local environment publishes. */
export interface LocalPort {
  /** `rabbitmq`, `kafka`, `localstack` or `redis-<instance>`. */
  broker: string;
  port: number;
  /** The configuration that moves it. */
  key: string;
}

// Above the ports that services are known by, below those that Linux gives out by itself (32768 and up).
const REDIS_PORTS = { first: 16379, count: 2000 };

/** An instance's port on 127.0.0.1 where the environment names none: it depends on the name alone, so instances may come and go. */
export function redisPort(instance: string): number {
  let hash = 0;
  for (const character of instance) hash = (hash * 31 + character.codePointAt(0)!) % REDIS_PORTS.count;
  return REDIS_PORTS.first + hash;
}

/** The ports that the local environment publishes for a skill. Throws a SkillError where two are the same. */
export function localPorts(skill: Skill, environment: Environment): LocalPort[] {
  const clashes = portClashes(skill, environment);
  if (clashes.length > 0) throw new SkillError(clashes);
  return usedPorts(skill, environment);
}

/** The ports of the local environment that another broker has already. */
export function portClashes(skill: Skill, environment: Environment): Problem[] {
  const used = usedPorts(skill, environment);
  return used
    .filter(({ port }, index) => used.findIndex((other) => other.port === port) < index)
    .map(({ key, port }) => ({ path: key, rule: "be a port that no other broker has", got: String(port) }));
}

function usedPorts(skill: Skill, { local: { ports } }: Environment): LocalPort[] {
  const at = (broker: string, port: number, name: string) => ({ broker, port, key: `messaging:local.ports.${name}` });
  return [
    ...(skill.rabbitmq
      ? [at("rabbitmq", ports.rabbitmq, "rabbitmq"), at("rabbitmq", ports.rabbitmqManagement, "rabbitmqManagement")]
      : []),
    ...(skill.kafka ? [at("kafka", ports.kafka, "kafka")] : []),
    ...(skill.sqs ? [at("localstack", ports.aws, "aws")] : []),
    ...Object.keys(skill.redis?.instances ?? {}).map((name) =>
      at(`redis-${name}`, ports.redis[name] ?? redisPort(name), `redis.${name}`),
    ),
  ];
}
