import type { RabbitmqApi } from "../client/rabbitmq/api.ts";
import type { RabbitmqLimits } from "./look.ts";

interface ListedLimits {
  type?: string;
  arguments?: Record<string, unknown>;
  /** Where nothing applies, some versions say an empty list. */
  effective_policy_definition?: Record<string, unknown> | [];
  /** Of a quorum queue of RabbitMQ 4: a number, or `unlimited`. */
  delivery_limit?: number | string;
  consumer_details?: { channel_details?: { user?: string } }[];
}

/** What limits a queue now, and who consumes it. */
export async function limitsOf(api: RabbitmqApi, vhost: string, name: string): Promise<RabbitmqLimits | undefined> {
  const found = await api.find<ListedLimits>("queues", vhost, name);
  if (!found) return undefined;
  const { type, arguments: args = {}, effective_policy_definition: policy = {}, consumer_details = [] } = found;
  const definition = Array.isArray(policy) ? {} : policy;
  const limit = Number(found.delivery_limit ?? args["x-delivery-limit"] ?? definition["delivery-limit"]);
  return {
    type,
    args,
    definition,
    ...(Number.isFinite(limit) && { deliveryLimit: limit }),
    users: [...new Set(consumer_details.map(({ channel_details }) => channel_details?.user ?? "somebody unknown"))],
  };
}
