import { BROKER_VERSIONS, imageName } from "../../components/images.ts";
import type { Brokers } from "../../components/messaging.ts";
import { redisPort } from "../../skill/index.ts";
import type { ConnectArgs } from "../brokers.ts";

type Made<Name extends keyof Brokers> = Promise<NonNullable<Brokers[Name]>>;

/** LocalStack has every region; clients must name the same one. */
const REGION = "us-east-1";

/** RabbitMQ as a container, and the way to it as its administrator. */
export async function rabbitmq({ stack, secret, environment }: ConnectArgs): Made<"rabbitmq"> {
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
  const { username, password } = broker;
  return {
    declareFlows,
    args: {
      connection: { url: broker.amqpUrl, tls: false, version: BROKER_VERSIONS.rabbitmq },
      operator: { managementUrl: broker.managementUrl, username, password },
    },
    providers: [new Provider("rabbitmq", { endpoint: broker.managementUrl, username, password })],
    deletedWith: broker.volume,
  };
}

/** Kafka as a container, and the way to it as its administrator. */
export async function kafka({ stack, secret, environment }: ConnectArgs): Made<"kafka"> {
  const { LocalKafka } = await import("./kafka.ts");
  const { Provider } = await import("@pulumi/kafka/provider.js");
  const { declareFlows } = await import("../../components/kafka/index.ts");
  const image = imageName("kafka");
  const broker = new LocalKafka("kafka", { stack, image, secret, port: environment.local.ports.kafka });
  return {
    declareFlows,
    args: {
      connection: { bootstrapServers: [broker.bootstrapServers], tls: false, saslMechanism: "SCRAM-SHA-512" },
      operator: { saslMechanism: "SCRAM-SHA-512", username: broker.username, password: broker.password },
    },
    providers: [
      new Provider("kafka", {
        bootstrapServers: [broker.bootstrapServers],
        tlsEnabled: false,
        saslMechanism: "scram-sha512",
        saslUsername: broker.username,
        saslPassword: broker.password,
        kafkaVersion: BROKER_VERSIONS.kafka,
      }),
    ],
    deletedWith: broker.volume,
  };
}

/** SQS by LocalStack as a container. */
export async function sqs({ stack, environment }: ConnectArgs): Made<"sqs"> {
  const { LocalStack } = await import("./localstack.ts");
  const { awsProvider, sqsConnection } = await import("../aws.ts");
  const { declareFlows } = await import("../../components/sqs/index.ts");
  const broker = new LocalStack("localstack", {
    stack,
    image: imageName("localstack"),
    port: environment.local.ports.aws,
  });
  const connection = { region: REGION, endpoint: broker.endpoint };
  return {
    declareFlows,
    args: { connection: sqsConnection(connection) },
    providers: [awsProvider("aws", connection)],
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
