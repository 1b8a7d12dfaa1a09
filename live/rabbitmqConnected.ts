import type { RabbitmqOperator } from "../client/operator.ts";
import { rabbitmqApi } from "../client/rabbitmq/api.ts";

/** How many connections a user has, in any vhost and over any protocol. */
export async function connectionsOf(user: string, access: RabbitmqOperator): Promise<number> {
  const columns = new URLSearchParams({ columns: "user" });
  const all = (await rabbitmqApi(access).list<{ user?: string }>("connections", columns)) ?? [];
  return all.filter((connection) => connection.user === user).length;
}
