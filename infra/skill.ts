import * as pulumi from "@pulumi/pulumi";
import { type Environment, loadSkillFile, onOneBroker, parseEnvironmentSkill, type Skill } from "../skill/index.ts";

export { onOneBroker };

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
