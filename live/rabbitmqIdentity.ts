import { type RabbitmqApi, rabbitmqApi } from "../client/rabbitmq/api.ts";
import { UnfitError, unfitRabbitmq } from "./fit.ts";

/** The nodes alone, by what each node knows itself: with figures, RabbitMQ asks every node, and one that hangs holds the answer back. */
const NAMES_ALONE = new URLSearchParams({ columns: "name", disable_stats: "true" });

/**
 * Which cluster it is: `<name> (<internal id> on <nodes>)`, all of its nodes, those that are down too. An old broker has no internal id
 * and is told by its name alone. `isSameCluster` compares two of them.
 */
export async function identityBy(api: Pick<RabbitmqApi, "get" | "find">): Promise<string> {
  const [{ name }, parameter, nodes] = await Promise.all([
    api.get<{ name: string }>("cluster-name"),
    api.find<{ value: string }>("global-parameters", "internal_cluster_id"),
    api.get<{ name: string }[]>("nodes", NAMES_ALONE),
  ]);
  if (!parameter) return name;
  const names = nodes.map((node) => node.name).sort();
  return `${name} (${parameter.value} on ${names.join(", ")})`;
}

/** The overview of the node that answers, without figures, for which it would ask every node. */
const WITHOUT_FIGURES = new URLSearchParams({ disable_stats: "true" });

/** A look at which cluster it is and at nothing else: it needs no AMQP, whose code takes its time to load. */
export const rabbitmqIdentity = (access: Parameters<typeof rabbitmqApi>[0]) => {
  const api = rabbitmqApi(access);
  return {
    async identity(): Promise<string> {
      const { rabbitmq_version } = await api.get<{ rabbitmq_version: string }>("overview", WITHOUT_FIGURES);
      const why = unfitRabbitmq(rabbitmq_version);
      if (why) throw new UnfitError(`must ${why}`);
      return identityBy(api);
    },
    close: async () => {},
  };
};
