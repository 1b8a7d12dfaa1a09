import type { KafkaAccess } from "../client/access.ts";
import type { Environment } from "../skill/index.ts";

/** The mechanism of the apps' credentials: SCRAM, as only that has credentials in Kafka, of the strength that the administrator logs in by. */
export const appMechanism = (saslMechanism: string): KafkaAccess["saslMechanism"] =>
  saslMechanism === "scram-sha256" ? "SCRAM-SHA-256" : "SCRAM-SHA-512";

/** How clients of Kafka spell the administrator's mechanism. */
export const clientMechanism = (saslMechanism: string): string =>
  saslMechanism === "plain" ? "PLAIN" : appMechanism(saslMechanism);

/** Where the management API and AMQP are; lists only of several nodes. */
export function rabbitmqPlaces({ endpoint, url }: Pick<NonNullable<Environment["rabbitmq"]>, "endpoint" | "url">) {
  const managementUrls = [endpoint].flat();
  const urls = url === undefined ? [...new Set(managementUrls.map(amqpUrl))] : [url].flat();
  return {
    managementUrl: managementUrls[0]!,
    ...(managementUrls.length > 1 && { managementUrls }),
    url: urls[0]!,
    ...(urls.length > 1 && { urls }),
  };
}

/** AMQP on the same host as the management API, on its usual port. */
export function amqpUrl(endpoint: string): string {
  const { protocol, hostname } = new URL(endpoint);
  return protocol === "https:" ? `amqps://${hostname}:5671` : `amqp://${hostname}:5672`;
}
