import type { BrokerOperator, FlowState } from "../deadLetters.ts";
import { AccessError } from "../message.ts";
import type { RedisOperator } from "../operator.ts";
import { deadLettersOf } from "./deadLetters.ts";
import { consumersOf, type Group, type GroupConsumer, isOurs } from "./group.ts";
import { toEntries, toRecords } from "./replies.ts";
import { retryDelayOf } from "./retrySchedule.ts";
import { type Server, serverOf } from "./server.ts";

/** A consumer that asked for something within so many milliseconds is connected, as far as the server tells. */
const CONNECTED_MS = 60_000;
/** Entries that are counted one by one where the server does not know how many wait. */
const MOST_COUNTED = 1_000;

/** The Redis servers of an environment as their administrator. They are connected to when they are first asked. */
export async function operate(access: Record<string, RedisOperator>): Promise<BrokerOperator> {
  const instances = Object.entries(access).map(([instance, { deadLetters, ...login }]) => {
    const server = serverOf(login);
    const flows = deadLetters.map((place) => ({ place, letters: deadLettersOf(server, instance, place, deadLetters) }));
    return { instance, server, flows };
  });
  return {
    deadLetters: () => instances.flatMap(({ flows }) => flows.map(({ letters }) => letters)),
    async state(flow) {
      for (const { server, flows } of instances) {
        const found = flows.find(({ place }) => place.flow === flow);
        if (found) return stateOf({ server, ...found.place });
      }
      throw new AccessError(
        `flow: must be a consumer group of a stream, redis/<instance>/<stream>/<group>, got ${flow}`,
      );
    },
    async listeners(flow) {
      const found = instances.find(({ instance }) => flow.startsWith(`redis/${instance}/`));
      if (!found) throw new AccessError(`flow: must be a channel, redis/<instance>/<channel>, got ${flow}`);
      return listenersOf(found.server, flow.slice(`redis/${found.instance}/`.length));
    },
    async close() {
      await Promise.all(instances.flatMap(({ flows }) => flows.map(({ letters }) => letters.close())));
      for (const { server } of instances) server.close();
    },
  };
}

/** Patterns are counted whatever they are, as the server does not tell which; a channel that is open in its name has no other listeners. */
async function listenersOf(server: Server, channel: string): Promise<number> {
  const patterns = Number(await server.ask(["PUBSUB", "NUMPAT"]));
  if (channel.endsWith("*")) return patterns;
  const [, subscribers] = (await server.ask(["PUBSUB", "NUMSUB", channel])) as [unknown, number];
  return patterns + Number(subscribers);
}

async function stateOf(of: Group): Promise<FlowState> {
  const { server, stream, group } = of;
  const groups = toRecords(await server.ask(["XINFO", "GROUPS", stream]));
  const found = groups.find(({ name }) => name === group);
  if (found === undefined) return { waiting: Number(await server.ask(["XLEN", stream])), consumers: 0, ours: 0 };
  const unread = await unreadOf(server, stream, found);
  const connected = connectedOf(await consumersOf(of));
  return {
    waiting: unread + Number(found.pending),
    consumers: connected.length,
    ours: connected.filter(isOurs).length,
  };
}

/** The names of consumers that are somebody and asked for something lately. */
export const connectedOf = (consumers: readonly GroupConsumer[]): string[] =>
  consumers.filter(({ name, idle }) => idle < CONNECTED_MS && retryDelayOf(name) === undefined).map(({ name }) => name);

/**
 * The entries that a group, as XINFO GROUPS tells it, has not read. They are counted where they are few: the server's own figure (lag)
 * is absent once entries were deleted, and wrong where a position was set or the stream was trimmed. Where many are left and the
 * server tells no figure, all of the stream's.
 */
export async function unreadOf(server: Server, stream: string, group: Record<string, unknown>): Promise<number> {
  const lag = Number(group.lag ?? 0);
  const most = lag < MOST_COUNTED ? MOST_COUNTED : 1;
  const after = `(${group["last-delivered-id"]}`;
  const { length } = toEntries(await server.ask(["XRANGE", stream, after, "+", "COUNT", String(most)]));
  if (length < most) return length;
  return lag < MOST_COUNTED ? Number(await server.ask(["XLEN", stream])) : lag;
}
