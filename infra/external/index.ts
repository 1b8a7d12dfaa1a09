import type { ScramMechanism } from "../../components/kafka/index.ts";
import type { Brokers } from "../../components/messaging.ts";
import type { ConnectArgs } from "../brokers.ts";

// checkEnvironment ran before: what the skill uses is set, so nothing is asked again here.

type Connected<Name extends keyof Brokers> = Promise<NonNullable<Brokers[Name]>>;

/** A RabbitMQ cluster by its management API; apps reach it over AMQP. */
export async function rabbitmq({ environment, secrets }: ConnectArgs): Connected<"rabbitmq"> {
  const { endpoint, username, cacertFile, version, ...connection } = environment.rabbitmq!;
  const password = secrets.rabbitmqPassword!;
  const { Provider } = await import("@pulumi/rabbitmq/provider.js");
  const { declareFlows } = await import("../../components/rabbitmq/index.ts");
  const url = connection.url ?? amqpUrl(endpoint);
  return {
    declareFlows,
    args: {
      connection: { url, tls: url.startsWith("amqps:"), version },
      operator: { managementUrl: endpoint, username, password },
    },
    providers: [new Provider("rabbitmq", { endpoint, username, password, cacertFile })],
  };
}

/** A Kafka cluster by its bootstrap servers. */
export async function kafka({ environment, secrets }: ConnectArgs): Connected<"kafka"> {
  const { bootstrapServers, tls, saslMechanism, username, caCert, kafkaVersion } = environment.kafka!;
  const saslPassword = secrets.kafkaPassword!;
  const { Provider } = await import("@pulumi/kafka/provider.js");
  const { declareFlows } = await import("../../components/kafka/index.ts");
  const sasl = { saslMechanism, saslUsername: username, saslPassword };
  return {
    declareFlows,
    args: {
      connection: { bootstrapServers, tls, saslMechanism: appMechanism(saslMechanism) },
      operator: { saslMechanism: clientMechanism(saslMechanism), username, password: saslPassword },
    },
    providers: [new Provider("kafka", { bootstrapServers, tlsEnabled: tls, caCert, kafkaVersion, ...sasl })],
  };
}

/** AWS, or an emulator of it, with the credentials of whoever runs Pulumi. */
export async function sqs({ environment }: ConnectArgs): Connected<"sqs"> {
  const { region, endpoint, kmsKeyArn, alarmTopicArn, tags } = environment.aws!;
  const { awsProvider, sqsConnection } = await import("../aws.ts");
  const { declareFlows } = await import("../../components/sqs/index.ts");
  return {
    declareFlows,
    args: { connection: sqsConnection({ region, endpoint }), kmsKeyArn, alarmTopicArn, tags },
    providers: [awsProvider("aws", { region, endpoint })],
  };
}

/** Redis in AWS, or servers that exist. */
export async function redis({ environment, secrets }: ConnectArgs): Connected<"redis"> {
  const { provision, servers, ...sizes } = environment.redis!;
  const { declareFlows } = await import("../../components/redis/index.ts");
  if (provision === "external") {
    const password = secrets.redisPassword!;
    const logins = Object.entries(servers!).map(([name, server]) => [name, { ...server, password }]);
    return {
      declareFlows,
      args: { provision: { kind: provision, servers: Object.fromEntries(logins) } },
      providers: [],
    };
  }
  const { region, endpoint, kmsKeyArn, tags } = environment.aws!;
  const { awsProvider } = await import("../aws.ts");
  return {
    declareFlows,
    args: { provision: { kind: provision, ...sizes, kmsKeyArn, tags } },
    providers: [awsProvider("redis", { region, endpoint })],
  };
}

/** The mechanism of the apps' credentials: SCRAM, as only that has credentials in Kafka, of the strength that the administrator logs in by. */
export const appMechanism = (saslMechanism: string): ScramMechanism =>
  saslMechanism === "scram-sha256" ? "SCRAM-SHA-256" : "SCRAM-SHA-512";

/** How clients of Kafka spell the administrator's mechanism. */
const clientMechanism = (saslMechanism: string): string =>
  saslMechanism === "plain" ? "PLAIN" : appMechanism(saslMechanism);

/** AMQP on the same host as the management API, on its usual port. */
export function amqpUrl(endpoint: string): string {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === "https:" ? `amqps://${hostname}:5671` : `amqp://${hostname}:5672`;
}
