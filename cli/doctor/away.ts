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

/** What `look` finds; where the broker does not answer, or answers nothing but a no, that is the finding. */
export async function findingsAt(
  place: string,
  addresses: Addresses,
  look: () => Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    const answer = answered(place, addresses, error);
    if (answer) return [answer];
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

export const away = (place: string, addresses: Addresses, error: Error): Finding => ({
  trouble: "broker",
  place,
  found: told(place, addresses, error),
  cause: "It is down, still starting, paused, or cannot be reached from here.",
  fix: `Start it, or correct the network or its address. ${startOf(place)} Apps go on by themselves; what they publish meanwhile fails there, so that they can publish it again.`,
  away: true,
});

/** What Redis answers, whatever it is asked: it is there, and nothing else can be known of it. */
const ANSWERS = [
  {
    reply: /ERR max number of clients reached.*/,
    cause: "It has as many connections as it may have (maxclients), or somebody lowered that: it lets nobody else in.",
    fix: "Stop clients that are not needed, or raise maxclients: CONFIG SET maxclients 10000 as soon as one connection is free, or in its configuration, which counts from its next start on.",
  },
  {
    reply: /BUSY Redis is busy.*/,
    cause: "A script or function has run for longer than busy-reply-threshold, 5 s: everything else waits for its end.",
    fix: "redis-cli SCRIPT KILL as administrator, or FUNCTION KILL where the reply names it: nothing is lost. Where that says UNKILLABLE, it has written already: wait for its end, or SHUTDOWN NOSAVE and start the server again, which undoes what the script did, and without an append-only file loses all that came since the last snapshot. Then correct the app that runs it.",
  },
  {
    reply: /DENIED Redis is running in protected mode/,
    cause:
      "The user `default` may log in without a password, so Redis lets in nobody from another machine (protected mode).",
    fix: "On the server's own machine or in its container: redis-cli ACL SETUSER default off resetpass, or give it a password where others log in by it; correct its configuration where that says so.",
  },
];

/** The finding where the broker answers the same no to everything; undefined where that is not it. */
export function answered(place: string, addresses: Addresses, error: unknown): Finding | undefined {
  const { message } = error as Error;
  const answer = ANSWERS.find(({ reply }) => reply.test(message));
  if (answer === undefined) return undefined;
  const { reply, cause, fix } = answer;
  return {
    trouble: "refused",
    place,
    // What was asked is left out, so that it is told once.
    found: told(place, addresses, new Error(reply.exec(message)![0])),
    cause,
    fix: `${fix} Nothing else is known of it until then.`,
    closed: true,
  };
}

/** How a broker is stopped from within. */
const PAUSED = [
  ["rabbitmq", " Where somebody suspended its listeners: rabbitmqctl resume_listeners."],
  [
    "redis/",
    " Where it runs and answers nobody, somebody may have paused its clients (CLIENT PAUSE ... ALL): that ends when its time is over, or with a restart; CLIENT UNPAUSE is not heard meanwhile.",
  ],
];

/** How the container of a local broker is started. */
function startOf(place: string): string {
  const name = `messaging-<environment>-${place === "sqs" ? "localstack" : place.replace("/", "-")}`;
  const [, hint = ""] = PAUSED.find(([broker]) => place.startsWith(broker!)) ?? [];
  return `If npm start made it: docker start ${name}, or docker unpause ${name} where it is paused.${hint}`;
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
