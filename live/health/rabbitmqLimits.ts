import { RefusedError } from "../../client/message.ts";
import type { RabbitmqOperator } from "../../client/operator.ts";
import type { RabbitmqApi } from "../../client/rabbitmq/api.ts";

/** A limit that somebody set on the vhost or on a user. */
export interface LimitFigures {
  of: "vhost" | "user";
  name: string;
  /** In RabbitMQ's words, such as `max-connections`. */
  limit: string;
  most: number;
  /** How much of it is used, without what we use to look. */
  used: number;
}

interface ListedConnection {
  user: string;
  vhost: string;
  channels?: number;
}

type ListedLimits = { vhost?: string; user?: string; value: Record<string, number> }[];

const COLUMNS = new URLSearchParams({ columns: "user,vhost,channels" });

/** Every limit of the vhost and of users; none where the broker does not show them. `queues`: how many the vhost has. */
export async function limitsOn(
  api: RabbitmqApi,
  { vhost, username }: Pick<RabbitmqOperator, "vhost" | "username">,
  queues: number,
): Promise<LimitFigures[]> {
  const listed = (...path: string[]) =>
    api.list<ListedLimits[number]>(...path).catch((error) => {
      if (error instanceof RefusedError) return undefined;
      throw error;
    });
  const [ofVhost = [], ofUsers = []] = await Promise.all([listed("vhost-limits", vhost), listed("user-limits")]);
  const set = [...ofVhost, ...ofUsers].flatMap(({ user, value }) =>
    Object.entries(value).flatMap(([limit, most]) =>
      // A negative one is none.
      most < 0
        ? []
        : [{ of: user === undefined ? ("vhost" as const) : ("user" as const), name: user ?? vhost, limit, most }],
    ),
  );
  if (set.length === 0) return [];
  const connections = ((await api.list<ListedConnection>("connections", COLUMNS)) ?? []).filter(
    ({ user }) => user !== username,
  );
  return set.map((one) => {
    const own = connections.filter((each) => (one.of === "user" ? each.user : each.vhost) === one.name);
    const used: Record<string, number> = {
      "max-connections": own.length,
      "max-channels": own.reduce((sum, { channels = 0 }) => sum + channels, 0),
      "max-queues": queues,
    };
    return { ...one, used: used[one.limit] ?? 0 };
  });
}
