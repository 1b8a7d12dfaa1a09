import { Cluster } from "../../components/cluster.ts";
import { BROKER_VERSIONS, imageName } from "../../components/images.ts";
import type { Brokers } from "../../components/messaging.ts";
import { redisPort } from "../../skill/index.ts";
import type { ConnectArgs } from "../brokers.ts";
import { REGION } from "./operators.ts";

type Made<Name extends keyof Brokers> = Promise<NonNullable<Brokers[Name]>>;

/** RabbitMQ as a container, and the way to it as its administrator. */
export async function rabbitmq({ stack, secret, environment, replacing, former }: ConnectArgs): Made<"rabbitmq"> {
  const { LocalRabbitmq } = await import("./rabbitmq.ts");
  const { Provider } = await import("@pulumi/rabbitmq/provider.js");
  const { declareFlows } = await import("../../components/rabbitmq/index.ts");
  const { rabbitmq: amqp, rabbitmqManagement: management } = environment.local.ports;
  const broker = new LocalRabbitmq("rabbitmq", {
    stack,
    image: imageName("rabbitmq"),
    secret,
    ports: { amqp, management },
  });
  const { managementUrl, username, password } = broker;
  const connection = { managementUrl, username, password };
  const cluster = new Cluster("rabbitmq", { broker: "rabbitmq", connection }, { deletedWith: broker.volume });
  return {
    declareFlows,
    args: {
      connection: { url: broker.amqpUrl, tls: false, version: BROKER_VERSIONS.rabbitmq },
      operator: connection,
      replacing: replacing?.rabbitmq,
      former: former?.rabbitmq,
    },
    providers: [new Provider("rabbitmq", { endpoint: managementUrl, username, password }, { dependsOn: cluster })],
    deletedWith: broker.volume,
  };
}

/** Kafka as a container, and the way to it as its administrator. */
export async function kafka({ stack, secret, environment, replacing, former }: ConnectArgs): Made<"kafka"> {
  const { LocalKafka } = await import("./kafka.ts");
  const { Provider } = await import("@pulumi/kafka/provider.js");
  const { declareFlows } = await import("../../components/kafka/index.ts");
  const image = imageName("kafka");
  const broker = new LocalKafka("kafka", { stack, image, secret, port: environment.local.ports.kafka });
  const { username, password } = broker;
  const bootstrapServers = [broker.bootstrapServers];
  const login = { saslMechanism: "SCRAM-SHA-512", username, password } as const;
  const connection = { bootstrapServers, securityProtocol: "SASL_PLAINTEXT", ...login };
  const cluster = new Cluster("kafka", { broker: "kafka", connection }, { deletedWith: broker.volume });
  return {
    declareFlows,
    args: {
      connection: { bootstrapServers, tls: false, saslMechanism: "SCRAM-SHA-512" },
      operator: login,
      replacing: replacing?.kafka,
      former: former?.kafka,
    },
    providers: [
      new Provider(
        "kafka",
        {
          bootstrapServers,
          tlsEnabled: false,
          saslMechanism: "scram-sha512",
          saslUsername: username,
          saslPassword: password,
          kafkaVersion: BROKER_VERSIONS.kafka,
        },
        { dependsOn: cluster },
      ),
    ],
    deletedWith: broker.volume,
  };
}

/** SQS by LocalStack as a container. */
export async function sqs({ stack, environment, former }: ConnectArgs): Made<"sqs"> {
  const { LocalStack } = await import("./localstack.ts");
  const { awsProvider, sqsConnection } = await import("../aws.ts");
  const { declareFlows } = await import("../../components/sqs/index.ts");
  const broker = new LocalStack("localstack", {
    stack,
    image: imageName("localstack"),
    port: environment.local.ports.aws,
  });
  const aws = { region: REGION, endpoint: broker.endpoint };
  const connection = sqsConnection(aws);
  const cluster = new Cluster("sqs", { broker: "sqs", connection }, { deletedWith: broker.volume });
  return {
    declareFlows,
    args: { connection, former: former?.sqs },
    providers: [awsProvider("aws", aws, { dependsOn: cluster })],
    deletedWith: broker.volume,
  };
}

/** Each Redis instance of the skill as a container; it makes its own providers. */
export async function redis({ stack, skill, environment }: ConnectArgs): Made<"redis"> {
  const { declareFlows } = await import("../../components/redis/index.ts");
  const given = environment.local.ports.redis;
  const ports = Object.keys(skill.redis!.instances).map((name) => [name, given[name] ?? redisPort(name)]);
  const images = { redis: imageName("redis"), valkey: imageName("valkey") };
  return {
    declareFlows,
    args: { provision: { kind: "container", stack, images, ports: Object.fromEntries(ports) } },
    providers: [],
  };
}
