import { basename } from "node:path";
import type { LocalBroker } from "../components/images.ts";
import {
  checkEnvironment,
  type Environment,
  isSecretKey,
  type LocalPort,
  loadSkillFile,
  localPorts,
  NAMESPACE,
  parseEnvironment,
  parseEnvironmentSkill,
  type Skill,
  SkillError,
  secretsInClear,
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
  const document = loadSkillFile("skill.yaml");
  const { config, secrets, inClear } = ownConfig(loadSkillFile(basename(stackFile)));
  if (inClear.length > 0) throw new SkillError(secretsInClear(inClear));
  const environment = parseEnvironment(config);
  const skill = parseEnvironmentSkill(document, environment.skill, PATCH);
  checkEnvironment(skill, environment, secrets);
  return needsOf(skill, environment);
}

/** What a stack's file says under `messaging:`, without that prefix. */
interface OwnConfig {
  /** All but the passwords, which are Pulumi's to read. */
  config: Record<string, unknown>;
  /** The passwords that are there, encrypted, and those that are not. */
  secrets: string[];
  inClear: string[];
}

/** Sorts what a stack's file says by who may read it. */
export function ownConfig(stackFileContent: unknown): OwnConfig {
  const { config = {} } = Object(stackFileContent) as { config?: Record<string, unknown> };
  const prefix = `${NAMESPACE}:`;
  const own = Object.entries(config).flatMap(([key, value]) =>
    key.startsWith(prefix) ? [[key.slice(prefix.length), value] as const] : [],
  );
  const passwords = own.filter(([key]) => isSecretKey(key));
  const named = (encrypted: boolean) =>
    passwords.filter(([, value]) => isEncrypted(value) === encrypted).map(([key]) => key);
  return {
    config: Object.fromEntries(own.filter(([key]) => !isSecretKey(key))),
    secrets: named(true),
    inClear: named(false),
  };
}

/** What a skill needs where its brokers run here, or elsewhere. */
export function needsOf(skill: Skill, environment: Environment): Needs {
  const engines = Object.values(skill.redis?.instances ?? {}).map(({ engine }) => engine);
  const local = environment.brokers === "local";
  const redisOnAws = !local && environment.redis?.provision === "elasticache";
  const images: LocalBroker[] = [
    ...(local && skill.rabbitmq ? (["rabbitmq"] as const) : []),
    ...(local && skill.kafka ? (["kafka"] as const) : []),
    ...(local && skill.sqs ? (["localstack"] as const) : []),
    ...(local ? new Set(engines) : []),
  ];
  const plugins: PluginName[] = [
    ...(images.length > 0 ? (["docker"] as const) : []),
    ...(skill.rabbitmq ? (["rabbitmq"] as const) : []),
    ...(skill.kafka ? (["kafka"] as const) : []),
    ...(skill.sqs || (redisOnAws && engines.length > 0) ? (["aws"] as const) : []),
  ];
  return { images, plugins, ports: local ? localPorts(skill, environment) : [] };
}

function isEncrypted(value: unknown): boolean {
  return typeof value === "object" && value !== null && "secure" in value;
}

/** Says every problem at once. */
export function refuse(problems: string[]): void {
  if (problems.length > 0) throw new Failure(problems.join("\n"));
}
