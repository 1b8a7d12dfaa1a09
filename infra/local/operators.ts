import { passwordFrom } from "../../components/password.ts";
import { EMULATED } from "../../live/external.ts";
import type { LookAccess } from "../../live/index.ts";
import { type Environment, LOCAL_ADMINISTRATOR, redisPort } from "../../skill/index.ts";

/** LocalStack has every region; clients must name the same one. */
export const REGION = "us-east-1";

/** How whoever runs the local environment reaches each of its brokers, as far as they are there. */
export function localOperators({ local: { ports } }: Environment, secret: string): LookAccess {
  const username = LOCAL_ADMINISTRATOR;
  const login = (purpose: string) => ({ username, password: passwordFrom(secret, `${purpose}/${username}`) });
  return {
    rabbitmq: {
      managementUrl: `http://127.0.0.1:${ports.rabbitmqManagement}`,
      url: `amqp://127.0.0.1:${ports.rabbitmq}`,
      ...login("rabbitmq"),
    },
    kafka: {
      bootstrapServers: [`127.0.0.1:${ports.kafka}`],
      securityProtocol: "SASL_PLAINTEXT",
      saslMechanism: "SCRAM-SHA-512",
      ...login("kafka"),
      deadLetters: [],
    },
    sqs: { region: REGION, endpoint: `http://127.0.0.1:${ports.aws}`, credentials: EMULATED, deadLetters: [] },
    redis: (instance) => ({
      host: "127.0.0.1",
      port: ports.redis[instance] ?? redisPort(instance),
      tls: false,
      ...login(`redis/${instance}`),
      deadLetters: [],
    }),
  };
}
