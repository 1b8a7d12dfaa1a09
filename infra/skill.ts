import * as pulumi from "@pulumi/pulumi";
import { type Environment, loadSkillFile, parseEnvironmentSkill, type Skill } from "../skill/index.ts";

/** The skill of this environment: skill.yaml (`messaging adopt` looks at another file by MESSAGING_SKILL) with the environment's patch, and what one broker of each kind can do where there is only one. */
export function readSkill(environment: Environment): Skill {
  const source = `messaging:skill in Pulumi.${pulumi.getStack()}.yaml`;
  const skill = parseEnvironmentSkill(
    loadSkillFile(process.env.MESSAGING_SKILL || "skill.yaml"),
    environment.skill,
    source,
  );
  return environment.brokers === "local" ? onOneBroker(skill) : skill;
}

/** One Kafka broker holds one replica; everything else stays as the skill says. */
export function onOneBroker(skill: Skill): Skill {
  if (!skill.kafka) return skill;
  const topics = Object.entries(skill.kafka.topics).map(([name, topic]) => {
    const { "min.insync.replicas": _, ...config } = topic.config;
    return [name, { ...topic, replicationFactor: 1, config }];
  });
  return { ...skill, kafka: { ...skill.kafka, topics: Object.fromEntries(topics) } };
}
