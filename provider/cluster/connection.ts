import type { SqsOperator } from "../../client/operator.ts";
import type { Login as RedisLogin } from "../../client/redis/server.ts";
import type { KafkaLogin } from "../../live/kafkaIdentity.ts";
import type { rabbitmqIdentity } from "../../live/rabbitmqIdentity.ts";
import type { Properties } from "../wire.ts";

// What a connection is comes over the wire, so it is judged here and never cast: every field of it reaches the broker's look.

const isText = (value: unknown): boolean => typeof value === "string";
const isOptionalText = (value: unknown): boolean => value === undefined || isText(value);
const isLogin = ({ username, password, ca }: Properties): boolean =>
  isText(username) && isText(password) && isOptionalText(ca);

/** Whether a broker is RabbitMQ, and this the login to its management API. */
export const isRabbitmqLogin = (
  broker: string,
  connection: Properties,
): connection is Properties & Parameters<typeof rabbitmqIdentity>[0] =>
  broker === "rabbitmq" &&
  isText(connection.managementUrl) &&
  (connection.managementUrls === undefined ||
    (Array.isArray(connection.managementUrls) && connection.managementUrls.every(isText))) &&
  isLogin(connection);

/** Whether a broker is Kafka, and this the login to it. */
export const isKafkaLogin = (broker: string, connection: Properties): connection is Properties & KafkaLogin =>
  broker === "kafka" &&
  Array.isArray(connection.bootstrapServers) &&
  connection.bootstrapServers.every(isText) &&
  isText(connection.securityProtocol) &&
  isText(connection.saslMechanism) &&
  isLogin(connection);

/** Whether a broker is SQS, and this how it is reached. */
export const isSqsAccess = (
  broker: string,
  connection: Properties,
): connection is Properties & Omit<SqsOperator, "deadLetters"> =>
  broker === "sqs" && isText(connection.region) && isOptionalText(connection.endpoint);

/** Whether a broker is a Redis server, and this the login to it. */
export const isRedisLogin = (broker: string, connection: Properties): connection is Properties & RedisLogin =>
  broker.startsWith("redis/") &&
  isText(connection.host) &&
  typeof connection.port === "number" &&
  typeof connection.tls === "boolean" &&
  isLogin(connection);
