import { markIn } from "../client/mark.ts";
import { rabbitmqApi } from "../client/rabbitmq/api.ts";
import { credentialOf, retryTierName } from "../skill/index.ts";
import type { LookAccess, RabbitmqLook } from "./look.ts";
import { heldIn } from "./replaced.ts";

type Access = NonNullable<LookAccess["rabbitmq"]>;

/** What an earlier output told an app; see `Former` in components/former.ts. */
interface Former {
  app: string;
  mark: string;
  since?: string;
  tiers: readonly { delay: number }[];
}

interface Connection {
  user?: string;
  vhost?: string;
  /** Milliseconds since 1970. */
  connected_at?: number;
  client_properties?: { connection_name?: string };
}

/** What still needs an app's former places: connections that may have read the output that names them, and messages that wait there. */
export async function neededOnRabbitmq(
  access: Access,
  look: Pick<RabbitmqLook, "queue">,
  vhost: string,
  former: Former,
): Promise<string[]> {
  const columns = new URLSearchParams({ columns: "user,vhost,connected_at,client_properties" });
  const all = (await rabbitmqApi(access).list<Connection>("connections", columns)) ?? [];
  const old = all.filter((connection) => connection.vhost === vhost && mayUse(connection, former)).length;
  const users = old > 0 ? [`${old} connection${old === 1 ? "" : "s"} of ${former.app} with an earlier output`] : [];
  const held = [];
  for (const delay of new Set(former.tiers.map((tier) => tier.delay))) {
    const tier = retryTierName(delay);
    held.push(...heldIn(tier, await look.queue(vhost, tier)));
  }
  return [...users, ...held];
}

/** By the mark that the connection shows; without one, where it was there before the later output was. */
export function mayUse(connection: Connection, { app, mark, since }: Former): boolean {
  const { user, connected_at: connectedAt, client_properties: shown } = connection;
  if (user !== undefined && ![1, 2].some((number) => credentialOf(app, number).username === user)) return false;
  const own = markIn(shown?.connection_name);
  if (own !== undefined) return own === mark;
  return since === undefined || connectedAt === undefined || connectedAt <= Date.parse(since);
}
