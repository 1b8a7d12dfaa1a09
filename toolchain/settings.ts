import { basename } from "node:path";
import type { LocalBroker } from "../components/images.ts";
import {
  type Environment,
  type LocalPort,
  loadSkillFile,
  localPorts,
  NAMESPACE,
  parseEnvironment,
  parseEnvironmentSkill,
  type Skill,
} from "../skill/index.ts";
import { Failure } from "./failure.ts";
import { stackFile } from "./pulumi.ts";
import type { PluginName } from "./recipes.ts";

/** Where the patch of the skill stands, for messages about it. */
const PATCH = `messaging:skill in ${basename(stackFile)}`;

/** What the skill and the environment's configuration ask of this machine. */
export interface Needs {
  /** Images of the brokers that run here; none where the environment's brokers are external. */
  images: LocalBroker[];
  plugins: PluginName[];
  ports: LocalPort[];
}

/** Reads skill.yaml and the environment's file. @throws SkillError or Failure with every problem in them, one line each */
export function readNeeds(): Needs {
  const skill = loadSkillFile("skill.yaml");
  const environment = parseEnvironment(ownConfig(loadSkillFile(basename(stackFile))));
  return needsOf(parseEnvironmentSkill(skill, environment.skill, PATCH), environment);
}

/** The `messaging:` keys of what a stack's file says, without that prefix, and without the secrets among them: they are Pulumi's to read. */
export function ownConfig(stackFileContent: unknown): Record<string, unknown> {
  const { config } = Object(stackFileContent) as { config?: Record<string, unknown> };
  const prefix = `${NAMESPACE}:`;
  return Object.fromEntries(
    Object.entries(config ?? {})
      .filter(([key, value]) => key.startsWith(prefix) && !isSecret(value))
      .map(([key, value]) => [key.slice(prefix.length), value]),
  );
}

/** What a skill needs where its brokers run here, or elsewhere. */
export function needsOf(skill: Skill, environment: Environment): Needs {
  const engines = Object.values(skill.redis?.instances ?? {}).map(({ engine }) => engine);
  const local = environment.brokers === "local";
  const redisHere = local || environment.redis?.provision === "container";
  const redisOnAws = !local && environment.redis?.provision === "elasticache";
  const images: LocalBroker[] = [
    ...(local && skill.rabbitmq ? (["rabbitmq"] as const) : []),
    ...(local && skill.kafka ? (["kafka"] as const) : []),
    ...(local && skill.sqs ? (["localstack"] as const) : []),
    ...(redisHere ? new Set(engines) : []),
  ];
  const plugins: PluginName[] = [
    ...(images.length > 0 ? (["docker"] as const) : []),
    ...(skill.rabbitmq ? (["rabbitmq"] as const) : []),
    ...(skill.kafka ? (["kafka"] as const) : []),
    ...(skill.sqs || (redisOnAws && engines.length > 0) ? (["aws"] as const) : []),
  ];
  return { images, plugins, ports: local ? localPorts(skill, environment) : [] };
}

function isSecret(value: unknown): boolean {
  return typeof value === "object" && value !== null && "secure" in value;
}

/** Says every problem at once. */
export function refuse(problems: string[]): void {
  if (problems.length > 0) throw new Failure(problems.join("\n"));
}
