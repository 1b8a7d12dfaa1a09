import type { OperatorAccess } from "../client/operator.ts";

/** Who is connected to one broker (`redis/<instance>` for Redis) as one user. */
export interface Connected {
  broker: string;
  /** How many connections; undefined: nobody here can tell. */
  connections?: number;
}

/** Looks, as the operator, how many connections each of these brokers has of a user. Throws a ConnectionError where one does not answer. */
export const connectedAs = (
  user: string,
  brokers: readonly string[],
  { rabbitmq, redis = {} }: Pick<OperatorAccess, "rabbitmq" | "redis">,
): Promise<Connected[]> =>
  Promise.all(
    brokers.map(async (broker) => {
      if (broker === "rabbitmq" && rabbitmq)
        return { broker, connections: await (await import("./rabbitmqConnected.ts")).connectionsOf(user, rabbitmq) };
      const server = broker.startsWith("redis/") ? redis[broker.slice("redis/".length)] : undefined;
      if (!server) return { broker };
      return { broker, connections: await (await import("./redisConnected.ts")).connectionsOf(user, server) };
    }),
  );
