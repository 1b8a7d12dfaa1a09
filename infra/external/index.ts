import { Cluster } from "../../components/cluster.ts";
import type { Brokers } from "../../components/messaging.ts";
import { amqpUrl, appMechanism, clientMechanism } from "../../live/addresses.ts";
import { authorityOf } from "../../live/authority.ts";
import { serverOf } from "../../live/external.ts";
import type { ConnectArgs } from "../brokers.ts";

// checkEnvironment ran before: what the skill uses is set, so nothing is asked again here.

type Connected<Name extends keyof Brokers> = Promise<NonNullable<Brokers[Name]>>;

/** A RabbitMQ cluster by its management API; apps reach it over AMQP. */
export async function rabbitmq({ environment, secrets, replacing }: ConnectArgs): Connected<"rabbitmq"> {
  const { endpoint, username, cacertFile, version, ...connection } = environment.rabbitmq!;
  const password = secrets.rabbitmqPassword!;
  const { Provider } = await import("@pulumi/rabbitmq/provider.js");
  const { declareFlows } = await import("../../components/rabbitmq/index.ts");
  const url = connection.url ?? amqpUrl(endpoint);
  const operator = { managementUrl: endpoint, username, password };
  const ca = authorityOf("rabbitmq", cacertFile);
  const login = { ...operator, ca };
  const cluster = new Cluster("rabbitmq", { broker: "rabbitmq", connection: login });
  return {
    declareFlows,
    args: {
      connection: { url, tls: url.startsWith("amqps:"), ca, version },
      operator,
      replacing: replacing?.rabbitmq,
    },
    providers: [new Provider("rabbitmq", { endpoint, username, password, cacertFile }, { dependsOn: cluster })],
  };
}

/** A Kafka cluster by its bootstrap servers. */
export async function kafka({ environment, secrets, replacing }: ConnectArgs): Connected<"kafka"> {
  const { bootstrapServers, tls, saslMechanism, username, caCert, kafkaVersion } = environment.kafka!;
  const saslPassword = secrets.kafkaPassword!;
  const { Provider } = await import("@pulumi/kafka/provider.js");
  const { declareFlows } = await import("../../components/kafka/index.ts");
  const sasl = { saslMechanism, saslUsername: username, saslPassword };
  const operator = { saslMechanism: clientMechanism(saslMechanism), username, password: saslPassword };
  const securityProtocol = tls ? "SASL_SSL" : "SASL_PLAINTEXT";
  const ca = authorityOf("kafka", caCert);
  const connection = { bootstrapServers, securityProtocol, ...operator, ca };
  const cluster = new Cluster("kafka", { broker: "kafka", connection });
  return {
    declareFlows,
    args: {
      connection: { bootstrapServers, tls, ca, saslMechanism: appMechanism(saslMechanism) },
      operator,
      replacing: replacing?.kafka,
    },
    providers: [
      new Provider(
        "kafka",
        { bootstrapServers, tlsEnabled: tls, caCert, kafkaVersion, ...sasl },
        { dependsOn: cluster },
      ),
    ],
  };
}

/** AWS, or an emulator of it, with the credentials of whoever runs Pulumi. */
export async function sqs({ environment }: ConnectArgs): Connected<"sqs"> {
  const { region, endpoint, kmsKeyArn, alarmTopicArn, tags } = environment.aws!;
  const { awsProvider, sqsConnection } = await import("../aws.ts");
  const { declareFlows } = await import("../../components/sqs/index.ts");
  const connection = sqsConnection({ region, endpoint });
  const cluster = new Cluster("sqs", { broker: "sqs", connection });
  return {
    declareFlows,
    args: { connection, kmsKeyArn, alarmTopicArn, tags },
    providers: [awsProvider("aws", { region, endpoint }, { dependsOn: cluster })],
  };
}

/** Redis in AWS, or servers that exist. */
export async function redis({ environment, secrets }: ConnectArgs): Connected<"redis"> {
  const { provision, servers, ...sizes } = environment.redis!;
  const { declareFlows } = await import("../../components/redis/index.ts");
  if (provision === "external") {
    const password = secrets.redisPassword!;
    const logins = Object.entries(servers!).map(([name, server]) => [name, { ...serverOf(server), password }]);
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
