import { rabbitmqPlaces } from "../../../live/addresses.ts";
import { localPorts, type Skill } from "../../../skill/index.ts";
import type { Source } from "../source.ts";
import { ref } from "./ids.ts";

/** A server of AsyncAPI 3.0. */
export interface Server {
  host: string;
  protocol: string;
  title: string;
  pathname?: string;
  description?: string;
  variables?: Record<string, { description: string }>;
  security?: { $ref: string }[];
}

type Environment = NonNullable<Source["environment"]>;

/** The servers of an environment, by identifier; none where no environment was named. */
export function serversOf({ skill, environment }: Source): Record<string, Server> {
  if (environment === undefined) return {};
  return environment.brokers === "local" ? localServers(skill, environment) : externalServers(skill, environment);
}

const login = (scheme: string) => ({ security: [ref("components", "securitySchemes", scheme)] });
const titles = { rabbitmq: "RabbitMQ", kafka: "Kafka", sqs: "Amazon SQS" };

function localServers(skill: Skill, environment: Environment): Record<string, Server> {
  const ports = localPorts(skill, environment);
  const host = (broker: string) => `127.0.0.1:${ports.find((port) => port.broker === broker)!.port}`;
  return {
    ...(skill.rabbitmq && { rabbitmq: rabbitmq(skill, host("rabbitmq"), "amqp") }),
    ...(skill.kafka && {
      kafka: { host: host("kafka"), protocol: "kafka", title: titles.kafka, ...login("scramSha512") },
    }),
    ...(skill.sqs && {
      sqs: { host: host("localstack"), protocol: "sqs", title: "LocalStack, in place of Amazon SQS" },
    }),
    ...byInstance(skill, (name) => ({ host: host(`redis-${name}`), protocol: "redis" })),
  };
}

function externalServers(skill: Skill, { rabbitmq: amqp, kafka, aws, redis }: Environment): Record<string, Server> {
  return {
    ...(skill.rabbitmq && amqp && rabbitmqServers(skill, amqp)),
    ...(skill.kafka && kafka && kafkaServers(kafka)),
    ...(skill.sqs && aws && { sqs: { host: sqsHost(aws), protocol: "sqs", title: titles.sqs } }),
    ...byInstance(skill, (name) => redisAddress(name, redis)),
  };
}

const rabbitmq = (skill: Skill, host: string, protocol: string): Server => ({
  host,
  protocol,
  title: titles.rabbitmq,
  pathname: `/${encodeURIComponent(skill.rabbitmq!.vhost)}`,
  ...login("userPassword"),
});

/** Where apps connect. */
function rabbitmqServers(skill: Skill, amqp: NonNullable<Environment["rabbitmq"]>): Record<string, Server> {
  const { url, urls = [url] } = rabbitmqPlaces(amqp);
  const servers = urls.map((each) => rabbitmq(skill, new URL(each).host, new URL(each).protocol.slice(0, -1)));
  return numbered("rabbitmq", servers);
}

/** One server by the broker's name, several by numbered ones. */
const numbered = (broker: string, servers: Server[]): Record<string, Server> =>
  Object.fromEntries(servers.map((server, at) => [servers.length === 1 ? broker : `${broker}-${at + 1}`, server]));

/** Any of them tells of the others. */
function kafkaServers({ bootstrapServers, tls, saslMechanism }: NonNullable<Environment["kafka"]>) {
  const scheme = saslMechanism === "scram-sha256" ? "scramSha256" : "scramSha512";
  const protocol = tls ? "kafka-secure" : "kafka";
  return numbered(
    "kafka",
    bootstrapServers.map((host) => ({ host, protocol, title: titles.kafka, ...login(scheme) })),
  );
}

function sqsHost({ region, endpoint }: NonNullable<Environment["aws"]>): string {
  if (endpoint !== undefined) return endpoint.slice(endpoint.indexOf("://") + 3);
  return `sqs.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

const byInstance = (skill: Skill, address: (name: string) => Omit<Server, "title">): Record<string, Server> =>
  Object.fromEntries(
    Object.entries(skill.redis?.instances ?? {}).map(([name, { engine }]) => [
      `redis-${name}`,
      { title: `${engine === "redis" ? "Redis" : "Valkey"} ${name}`, ...address(name), ...login("userPassword") },
    ]),
  );

function redisAddress(name: string, redis: Environment["redis"]): Omit<Server, "title"> {
  const server = redis?.servers?.[name];
  if (server) return { host: `${server.host}:${server.port}`, protocol: server.tls ? "rediss" : "redis" };
  return {
    host: "{address}",
    protocol: "rediss",
    description: "An ElastiCache replication group.",
    variables: { address: { description: "Known once it is made: apps.<app>.redis of the stack's outputs." } },
  };
}

/** How apps log in, by scheme. */
export const securitySchemes = {
  userPassword: { type: "userPassword", description: "The app's own user; the stack's output apps has its password." },
  scramSha256: { type: "scramSha256", description: "The app's own user; the stack's output apps has its password." },
  scramSha512: { type: "scramSha512", description: "The app's own user; the stack's output apps has its password." },
};
