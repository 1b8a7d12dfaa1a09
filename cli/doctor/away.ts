import { ConnectionError, RefusedError, UntoldError } from "../../client/message.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { type Finding, RESTORE, untold } from "./finding.ts";

/** By place, `rabbitmq` or `redis/<instance>`: the addresses that it is asked at. RabbitMQ is asked in two ways, at as many addresses as it has nodes. */
export type Addresses = Record<string, string[][]>;

export function addressesOf({ rabbitmq, kafka, sqs, redis = {} }: Omit<OperatorAccess, "retry">): Addresses {
  return {
    ...(rabbitmq && {
      rabbitmq: [rabbitmq.managementUrls ?? [rabbitmq.managementUrl], rabbitmq.urls ?? [rabbitmq.url]],
    }),
    ...(kafka && { kafka: [kafka.bootstrapServers] }),
    ...(sqs && { sqs: [[sqs.endpoint ?? sqs.region]] }),
    ...Object.fromEntries(
      Object.entries(redis).map(([name, { host, port }]) => [`redis/${name}`, [[`${host}:${port}`]]]),
    ),
  };
}

/** The broker that a flow is on, as `Addresses` names it. */
export const brokerOf = (flow: string): string =>
  flow
    .split("/")
    .slice(0, flow.startsWith("redis/") ? 2 : 1)
    .join("/");

/** What `look` finds; where the broker does not answer or lets nobody in, that is the finding. */
export async function findingsAt(
  place: string,
  addresses: Addresses,
  look: () => Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof UntoldError) return [untold(place, "how it is doing", error.message)];
    if (error instanceof ConnectionError) return [away(place, addresses, error)];
    if (error instanceof RefusedError) return [refused(place, addresses, error)];
    throw error;
  }
}

/** Whether an error about one flow says that its whole broker is away: it names all addresses of one way. */
export const isAway = (place: string, addresses: Addresses, error: unknown): error is ConnectionError =>
  error instanceof ConnectionError &&
  !(error instanceof UntoldError) &&
  addresses[place]!.some((way) => way.every((address) => error.message.includes(address)));

export const away = (place: string, addresses: Addresses, error: Error): Finding =>
  CROWDED.test(error.message)
    ? {
        trouble: "refused",
        place,
        found: told(place, addresses, error),
        cause:
          "It has as many connections as it may have (maxclients), or somebody lowered that: it lets nobody else in.",
        fix: "Stop clients that are not needed, or raise maxclients: CONFIG SET maxclients 10000 as soon as one connection is free, or in its configuration, which counts from its next start on. Nothing else is known of it until then.",
      }
    : {
        trouble: "broker",
        place,
        found: told(place, addresses, error),
        cause: "It is down, still starting, paused, or cannot be reached from here.",
        fix: `Start it, or correct the network or its address. ${startOf(place)} Apps go on by themselves; what they publish meanwhile fails there, so that they can publish it again.`,
        away: true,
      };

/** It answers, but nobody can ask. */
const CROWDED = /ERR max number of clients reached/;

/** How the container of a local broker is started. */
function startOf(place: string): string {
  const name = `messaging-<environment>-${place === "sqs" ? "localstack" : place.replace("/", "-")}`;
  const suspended =
    place === "rabbitmq" ? " Where somebody suspended its listeners: rabbitmqctl resume_listeners." : "";
  return `If npm start made it: docker start ${name}, or docker unpause ${name} where it is paused.${suspended}`;
}

const refused = (place: string, addresses: Addresses, error: Error): Finding => ({
  trouble: "refused",
  place,
  found: told(place, addresses, error),
  cause: "It does not take the administrator's login, or its rights do not suffice for this question.",
  fix: `Ask with the current outputs (without --outputs). Where the password was changed on the broker, set the same in the stack's configuration, then ${RESTORE}.`,
});

/** What was said, with its address once. */
function told(place: string, addresses: Addresses, { message }: Error): string {
  const known = addresses[place]!.flat();
  return known.some((address) => message.includes(address)) ? message : `${place} at ${known.join(", ")}: ${message}`;
}
