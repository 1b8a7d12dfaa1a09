import type { OperatorAccess } from "../../client/operator.ts";
import { externalOperators } from "../../live/external.ts";
import {
  type Environment,
  isSecretKey,
  NAMESPACE,
  parseEnvironment,
  type SecretKey,
  SkillError,
  structuredValue,
} from "../../skill/index.ts";
import { EnvironmentError, readOutputs } from "../outputs.ts";
import { pulumiSaid, runPulumi } from "../pulumi.ts";

/** How an environment's brokers are reached, as whoever runs it. */
export type Access = Pick<OperatorAccess, "rabbitmq" | "kafka" | "sqs" | "redis">;

/** A value as `pulumi config --json` prints it. */
interface ConfigValue {
  value?: string;
  objectValue?: unknown;
}

/** The access that an environment's configuration says; of a local one, that of its outputs. Throws an EnvironmentError. */
export async function readAccess(stack: string, options: Record<string, string>): Promise<Access> {
  const { code, stdout, stderr } = await runPulumi(["config", "--show-secrets", "--json", "--stack", stack]);
  if (code !== 0) {
    throw new EnvironmentError(
      `environment ${stack}: must be a stack with a configuration (npx pulumi stack init ${stack}), got: ${pulumiSaid(stderr)}`,
    );
  }
  const config = Object.entries(JSON.parse(stdout) as Record<string, ConfigValue>).flatMap(([key, value]) =>
    key.startsWith(`${NAMESPACE}:`) ? [[key.slice(NAMESPACE.length + 1), value] as const] : [],
  );
  const plain = config.filter(([key]) => !isSecretKey(key)).map(([key, value]) => [key, readValue(value)]);
  // A password is text, whatever it looks like.
  const secrets = config.filter(([key]) => isSecretKey(key)).map(([key, { value }]) => [key, value ?? ""]);
  const environment = told(() => parseEnvironment(Object.fromEntries(plain)));
  if (environment.brokers === "local") return (await readOutputs(options)).operator;
  return told(() => accessOf(environment, Object.fromEntries(secrets)));
}

const readValue = ({ value, objectValue }: ConfigValue): unknown => objectValue ?? structuredValue(value ?? "");

function told<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof SkillError ? new EnvironmentError(error.message) : error;
  }
}

/** How the brokers of an external environment are reached. */
export function accessOf(environment: Environment, passwords: Partial<Record<SecretKey, string>>): Access {
  const { rabbitmq, kafka, sqs, redis } = externalOperators(environment, passwords);
  const instances = Object.keys(environment.redis?.servers ?? {});
  return {
    ...(rabbitmq && { rabbitmq: { ...rabbitmq, vhost: "", deadLetterExchange: "", deadLetters: [] } }),
    ...(kafka && { kafka }),
    ...(sqs && { sqs }),
    ...(instances.length > 0 && { redis: Object.fromEntries(instances.map((name) => [name, redis!(name)!])) }),
  };
}
