import {
  type Environment,
  isSecretKey,
  loadSkillFile,
  NAMESPACE,
  onOneBroker,
  parseEnvironment,
  parseEnvironmentSkill,
  parseSkill,
  type Skill,
} from "../../skill/index.ts";

/** What is exported: a skill, and the environment that it is exported for, if one was named. */
export interface Source {
  skill: Skill;
  environment?: { name: string } & Environment;
}

/** The skill of a file, as an environment's own file changes it where one is named. Throws a SkillError with every problem. */
export function readSource(file: string, name: string | undefined): Source {
  const document = loadSkillFile(file);
  if (name === undefined) return { skill: parseSkill(document) };
  const settings = `Pulumi.${name}.yaml`;
  const environment = parseEnvironment(ownConfig(loadSkillFile(settings)));
  const skill = parseEnvironmentSkill(document, environment.skill, `messaging:skill in ${settings}`);
  return {
    skill: environment.brokers === "local" ? onOneBroker(skill) : skill,
    environment: { name, ...environment },
  };
}

/** What a stack's file says under `messaging:`, without that prefix and without its passwords. */
function ownConfig(content: unknown): Record<string, unknown> {
  const { config } = Object(content) as { config?: unknown };
  const prefix = `${NAMESPACE}:`;
  return Object.fromEntries(
    Object.entries(Object(config)).flatMap(([key, value]) => {
      const name = key.slice(prefix.length);
      return key.startsWith(prefix) && !isSecretKey(name) ? [[name, value] as const] : [];
    }),
  );
}
