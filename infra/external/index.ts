import { answeringUrl } from "../../client/rabbitmq/api.ts";
import { Cluster } from "../../components/cluster.ts";
import type { Brokers } from "../../components/messaging.ts";
import { appMechanism, clientMechanism, rabbitmqPlaces } from "../../live/addresses.ts";
import { authorityOf } from "../../live/authority.ts";
import { serverOf } from "../../live/external.ts";
import type { KafkaLogin } from "../../live/kafkaIdentity.ts";
import type { ConnectArgs } from "../brokers.ts";
import { resolved } from "../gate/known.ts";

// checkEnvironment ran before: what the skill uses is set, so nothing is asked again here.

type Connected<Name extends keyof Brokers> = Promise<NonNullable<Brokers[Name]>>;

/** A RabbitMQ cluster by its management API; apps reach it over AMQP. */
export async function rabbitmq({ environment, secrets, replacing, former }: ConnectArgs): Connected<"rabbitmq"> {
  const { username, cacertFile, version } = environment.rabbitmq!;
  const password = secrets.rabbitmqPassword!;
  const { Provider } = await import("@pulumi/rabbitmq/provider.js");
  const { declareFlows } = await import("../../components/rabbitmq/index.ts");
  const { url, urls, ...management } = rabbitmqPlaces(environment.rabbitmq!);
  const operator = { ...management, username, password };
  const ca = authorityOf("rabbitmq", cacertFile);
  // Pulumi's provider knows one endpoint and keeps to it for a whole run: that of the first node that answers now.
  const endpoint = await answeringUrl({ ...operator, password: (await resolved(password)) ?? "", ca });
  const login = { ...operator, managementUrl: endpoint, ca };
  const cluster = new Cluster("rabbitmq", { broker: "rabbitmq", connection: login });
  return {
    declareFlows,
    args: {
      connection: { url, urls, tls: url.startsWith("amqps:"), ca, version },
      operator,
      replacing: replacing?.rabbitmq,
      former: former?.rabbitmq,
    },
    providers: [new Provider("rabbitmq", { endpoint, username, password, cacertFile }, { dependsOn: cluster })],
  };
}

/** A Kafka cluster by its bootstrap servers. */
export async function kafka({ environment, secrets, replacing, former }: ConnectArgs): Connected<"kafka"> {
  const { bootstrapServers, tls, saslMechanism, username, caCert, kafkaVersion } = environment.kafka!;
  const saslPassword = secrets.kafkaPassword!;
  const { Provider } = await import("@pulumi/kafka/provider.js");
  const { declareFlows } = await import("../../components/kafka/index.ts");
  const { answeringServers } = await import("../../live/kafkaIdentity.ts");
  const sasl = { saslMechanism, saslUsername: username, saslPassword };
  const mechanism = clientMechanism(saslMechanism) as KafkaLogin["saslMechanism"];
  const operator = { saslMechanism: mechanism, username, password: saslPassword };
  const securityProtocol: KafkaLogin["securityProtocol"] = tls ? "SASL_SSL" : "SASL_PLAINTEXT";
  const ca = authorityOf("kafka", caCert);
  const connection = { bootstrapServers, securityProtocol, ...operator, ca };
  const cluster = new Cluster("kafka", { broker: "kafka", connection });
  // Pulumi's provider does not outlast a server that is frozen: it is told of those that answer now.
  const answering = await answeringServers({ ...connection, password: (await resolved(saslPassword)) ?? "" });
  return {
    declareFlows,
    args: {
      connection: { bootstrapServers, tls, ca, saslMechanism: appMechanism(saslMechanism) },
      operator,
      replacing: replacing?.kafka,
      former: former?.kafka,
    },
    providers: [
      new Provider(
        "kafka",
        { bootstrapServers: answering, tlsEnabled: tls, caCert, kafkaVersion, ...sasl },
        { dependsOn: cluster },
      ),
    ],
  };
}

/** AWS, or an emulator of it, with the credentials of whoever runs Pulumi. */
export async function sqs({ environment, former }: ConnectArgs): Connected<"sqs"> {
  const { region, endpoint, kmsKeyArn, alarmTopicArn, tags } = environment.aws!;
  const { awsProvider, sqsConnection } = await import("../aws.ts");
  const { declareFlows } = await import("../../components/sqs/index.ts");
  const connection = sqsConnection({ region, endpoint });
  const cluster = new Cluster("sqs", { broker: "sqs", connection });
  return {
    declareFlows,
    args: { connection, kmsKeyArn, alarmTopicArn, tags, former: former?.sqs },
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
