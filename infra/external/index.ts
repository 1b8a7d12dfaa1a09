import type { Brokers } from "../../components/messaging.ts";
import { type Environment, SkillError } from "../../skill/index.ts";
import type { ConnectArgs } from "../brokers.ts";
import type { Secrets } from "../environment.ts";

type Connected<Name extends keyof Brokers> = Promise<NonNullable<Brokers[Name]>>;

/** A RabbitMQ cluster by its management API; apps reach it over AMQP. */
export async function rabbitmq({ environment, secrets }: ConnectArgs): Connected<"rabbitmq"> {
  const { endpoint, username, cacertFile, ...connection } = given(environment, "rabbitmq");
  const password = givenSecret(secrets, "rabbitmqPassword");
  const { Provider } = await import("@pulumi/rabbitmq/provider.js");
  const { declareFlows } = await import("../../components/rabbitmq/index.ts");
  const url = connection.url ?? amqpUrl(endpoint);
  return {
    declareFlows,
    args: { connection: { url, tls: url.startsWith("amqps:") } },
    providers: [new Provider("rabbitmq", { endpoint, username, password, cacertFile })],
  };
}

/** A Kafka cluster by its bootstrap servers. */
export async function kafka({ environment, secrets }: ConnectArgs): Connected<"kafka"> {
  const { bootstrapServers, tls, saslMechanism, username, caCert, kafkaVersion } = given(environment, "kafka");
  const saslPassword = givenSecret(secrets, "kafkaPassword");
  const { Provider } = await import("@pulumi/kafka/provider.js");
  const { declareFlows } = await import("../../components/kafka/index.ts");
  const sasl = { saslMechanism, saslUsername: username, saslPassword };
  return {
    declareFlows,
    args: { connection: { bootstrapServers, tls, saslMechanism: "SCRAM-SHA-512" } },
    providers: [new Provider("kafka", { bootstrapServers, tlsEnabled: tls, caCert, kafkaVersion, ...sasl })],
  };
}

/** AWS, or an emulator of it, with the credentials of whoever runs Pulumi. */
export async function sqs({ environment }: ConnectArgs): Connected<"sqs"> {
  const { region, endpoint, kmsKeyArn, alarmTopicArn, tags } = given(environment, "aws");
  const { awsProvider, sqsConnection } = await import("../aws.ts");
  const { declareFlows } = await import("../../components/sqs/index.ts");
  return {
    declareFlows,
    args: { connection: sqsConnection({ region, endpoint }), kmsKeyArn, alarmTopicArn, tags },
    providers: [awsProvider("aws", { region, endpoint })],
  };
}

/** Redis in AWS, servers that exist, or containers on this machine. */
export async function redis(args: ConnectArgs): Connected<"redis"> {
  const { provision, servers, ...sizes } = given(args.environment, "redis");
  if (provision === "container") return import("../local/redisBroker.ts").then((local) => local.redis(args));
  const { declareFlows } = await import("../../components/redis/index.ts");
  if (provision === "external") {
    const password = givenSecret(args.secrets, "redisPassword");
    const logins = Object.entries(serversOf(args, servers)).map(([name, server]) => [name, { ...server, password }]);
    return {
      declareFlows,
      args: { provision: { kind: provision, servers: Object.fromEntries(logins) } },
      providers: [],
    };
  }
  const { kmsKeyArn, tags, region } = given(args.environment, "aws");
  const { awsProvider } = await import("../aws.ts");
  return {
    declareFlows,
    args: { provision: { kind: provision, ...sizes, kmsKeyArn, tags } },
    providers: [awsProvider("redis", { region })],
  };
}

function serversOf<Server>({ skill }: ConnectArgs, servers: Record<string, Server>): Record<string, Server> {
  const absent = Object.keys(skill.redis?.instances ?? {}).filter((instance) => !servers[instance]);
  if (absent.length === 0) return servers;
  throw new SkillError(
    absent.map((instance) => ({
      path: `messaging:redis.servers.${instance}`,
      rule: "be set, because the skill uses it",
      got: "nothing",
    })),
  );
}

function given<Key extends "rabbitmq" | "kafka" | "aws" | "redis">(environment: Environment, key: Key) {
  const connection = environment[key];
  if (connection === undefined)
    throw missing(key, "be set, because the skill uses it and messaging:brokers is external");
  return connection as NonNullable<Environment[Key]>;
}

function givenSecret<Key extends keyof Secrets>(secrets: Secrets, key: Key) {
  const password = secrets[key];
  if (password === undefined) throw missing(key, `be set by \`pulumi config set --secret messaging:${key}\``);
  return password as NonNullable<Secrets[Key]>;
}

const missing = (key: string, rule: string) => new SkillError([{ path: `messaging:${key}`, rule, got: "nothing" }]);

/** AMQP on the same host as the management API, on its usual port. */
export function amqpUrl(endpoint: string): string {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === "https:" ? `amqps://${hostname}:5671` : `amqp://${hostname}:5672`;
}
