import type { OperatorAccess } from "../client/operator.ts";
import type { Environment, SecretKey } from "../skill/index.ts";
import { clientMechanism, rabbitmqPlaces } from "./addresses.ts";
import { authorityOf } from "./authority.ts";
import type { LookAccess } from "./look.ts";

/** Credentials that an emulator of AWS takes from anybody. */
export const EMULATED = { accessKeyId: "test", secretAccessKey: "test" };

/** How whoever runs the environment reaches each broker that its configuration names, with the passwords in clear. */
export function externalOperators(
  { rabbitmq, kafka, aws, redis }: Environment,
  passwords: Partial<Record<SecretKey, string>>,
): LookAccess {
  return {
    ...(rabbitmq && {
      rabbitmq: {
        ...rabbitmqPlaces(rabbitmq),
        username: rabbitmq.username,
        password: passwords.rabbitmqPassword ?? "",
        ca: authorityOf("rabbitmq", rabbitmq.cacertFile),
      },
    }),
    ...(kafka && {
      kafka: {
        bootstrapServers: kafka.bootstrapServers,
        securityProtocol: kafka.tls ? "SASL_SSL" : "SASL_PLAINTEXT",
        saslMechanism: clientMechanism(kafka.saslMechanism) as NonNullable<OperatorAccess["kafka"]>["saslMechanism"],
        username: kafka.username,
        password: passwords.kafkaPassword ?? "",
        ca: authorityOf("kafka", kafka.caCert),
        deadLetters: [],
      },
    }),
    ...(aws && { sqs: { region: aws.region, ...(aws.endpoint && emulated(aws.endpoint)), deadLetters: [] } }),
    redis(instance) {
      const server = redis?.servers?.[instance];
      return server && { ...serverOf(server), password: passwords.redisPassword ?? "", deadLetters: [] };
    },
  };
}

/** A server of Redis as clients take it: its authority is read. */
export function serverOf({ caCert, ...server }: NonNullable<NonNullable<Environment["redis"]>["servers"]>[string]) {
  const ca = authorityOf("redis", caCert);
  return { ...server, ...(ca && { ca }) };
}

const emulated = (endpoint: string) => ({ endpoint, credentials: EMULATED });
