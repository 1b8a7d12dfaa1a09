/** The brokers that this project can start, by the version of the image that it starts them from. */
export const BROKER_VERSIONS = {
  rabbitmq: "4.0.5",
  kafka: "4.1.0",
  redis: "8.0.2",
  valkey: "8.1.1",
  localstack: "4.4.0",
} as const;

/** A broker that runs as a container. */
export type LocalBroker = keyof typeof BROKER_VERSIONS;

/**
 * The image of a broker. `npm start` puts it on the machine, pulled or built; the host part resolves nowhere, so that no
 * registry can ever answer for it.
 */
export const imageName = (broker: LocalBroker): string => `messaging.local/${broker}:${BROKER_VERSIONS[broker]}`;
