import type { OperatorAccess } from "../../client/operator.ts";
import {
  type Environment,
  isSecretKey,
  NAMESPACE,
  parseEnvironment,
  type SecretKey,
  SkillError,
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
    key.startsWith(`${NAMESPACE}:`) ? [[key.slice(NAMESPACE.length + 1), readValue(value)] as const] : [],
  );
  const plain = Object.fromEntries(config.filter(([key]) => !isSecretKey(key)));
  const secrets = Object.fromEntries(config.filter(([key]) => isSecretKey(key))) as Partial<Record<SecretKey, string>>;
  const environment = told(() => parseEnvironment(plain));
  return environment.brokers === "local" ? (await readOutputs(options)).operator : accessOf(environment, secrets);
}

const readValue = ({ value, objectValue }: ConfigValue): unknown => objectValue ?? structured(value ?? "");

function structured(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function told<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof SkillError ? new EnvironmentError(error.message) : error;
  }
}

/** How the brokers of an external environment are reached. */
export function accessOf(
  { rabbitmq, kafka, aws, redis }: Environment,
  passwords: Partial<Record<SecretKey, string>>,
): Access {
  return {
    ...(rabbitmq && {
      rabbitmq: {
        managementUrl: rabbitmq.endpoint,
        url: rabbitmq.url ?? "",
        vhost: "",
        username: rabbitmq.username,
        password: String(passwords.rabbitmqPassword ?? ""),
        deadLetterExchange: "",
        deadLetters: [],
      },
    }),
    ...(kafka && {
      kafka: {
        bootstrapServers: kafka.bootstrapServers,
        securityProtocol: kafka.tls ? "SASL_SSL" : "SASL_PLAINTEXT",
        saslMechanism: MECHANISMS[kafka.saslMechanism],
        username: kafka.username,
        password: String(passwords.kafkaPassword ?? ""),
        deadLetters: [],
      },
    }),
    ...(aws && { sqs: { region: aws.region, ...(aws.endpoint && emulated(aws.endpoint)), deadLetters: [] } }),
    ...(redis?.servers && {
      redis: Object.fromEntries(
        Object.entries(redis.servers).map(([instance, server]) => [
          instance,
          { ...server, password: String(passwords.redisPassword ?? ""), deadLetters: [] },
        ]),
      ),
    }),
  };
}

const MECHANISMS = {
  // The client's own type leaves it out, as apps never use it.
  plain: "PLAIN" as "SCRAM-SHA-512",
  "scram-sha256": "SCRAM-SHA-256",
  "scram-sha512": "SCRAM-SHA-512",
} as const;

/** An emulator takes any credentials. */
const emulated = (endpoint: string) => ({ endpoint, credentials: { accessKeyId: "test", secretAccessKey: "test" } });
