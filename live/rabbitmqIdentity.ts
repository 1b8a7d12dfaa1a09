import { type RabbitmqApi, rabbitmqApi } from "../client/rabbitmq/api.ts";

/** The cluster's name and internal id, which stay while its data stays; a cluster that was restored from another has the other's id. */
export async function identityBy(api: Pick<RabbitmqApi, "get" | "find">): Promise<string> {
  const [{ name }, parameter] = await Promise.all([
    api.get<{ name: string }>("cluster-name"),
    api.find<{ value: string }>("global-parameters", "internal_cluster_id"),
  ]);
  return parameter ? `${name} (${parameter.value})` : name;
}

/** A look at which cluster it is and at nothing else: it needs no AMQP, whose code takes its time to load. */
export const rabbitmqIdentity = (access: Parameters<typeof rabbitmqApi>[0]) => {
  const api = rabbitmqApi(access);
  return { identity: () => identityBy(api), close: async () => {} };
};
