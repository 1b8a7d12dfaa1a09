import { CLIENT_NAME } from "../deadLetters.ts";
import { RefusedError } from "../message.ts";
import { type Entry, type Pending, text, toDelivered, toEntries, toPending, toRecords, toRemoved } from "./replies.ts";
import { retryConsumer, retryDelayOf } from "./retrySchedule.ts";
import { refusalOf, type Server } from "./server.ts";

/** A consumer group of a stream, on one connection. */
export interface Group {
  server: Server;
  stream: string;
  group: string;
}

/** An entry that was claimed, and which delivery this is. */
export interface Claimed {
  entry: Entry;
  attempt: number;
}

/** A consumer of a group, as the server tells it. */
export interface GroupConsumer {
  name: string;
  /** Entries that it has not acknowledged. */
  pending: number;
  /** Milliseconds since it asked for anything. */
  idle: number;
}

/** Time over and above what a read may wait for a message, in milliseconds, after which the connection counts as lost. */
const READ_GRACE_MS = 10_000;

/** Reads messages that no consumer of the group got yet; waits up to `block` milliseconds for the first. */
export async function readNew(of: Group, consumer: string, count: number, block: number): Promise<Entry[]> {
  const how = ["GROUP", of.group, consumer, "COUNT", String(count), "BLOCK", String(block)];
  return toDelivered(await of.server.send(["XREADGROUP", ...how, "STREAMS", of.stream, ">"], block + READ_GRACE_MS));
}

/** Pending entries of a consumer that were not touched for `idle` milliseconds. */
export async function pendingOf(of: Group, consumer: string, count: number, idle = 0): Promise<Pending[]> {
  const which = ["IDLE", String(idle), "-", "+", String(count), consumer];
  return toPending(await of.server.ask(["XPENDING", of.stream, of.group, ...which]));
}

/** Entries were removed from a stream before their group acknowledged them. */
export class EntriesRemovedError extends Error {
  override readonly name = "EntriesRemovedError";

  constructor({ server, stream, group }: Group, ids: readonly string[]) {
    const some = `${ids.slice(0, MOST_NAMED).join(", ")}${ids.length > MOST_NAMED ? ` and ${ids.length - MOST_NAMED} more` : ""}`;
    super(
      `${server.name}: entries of stream ${stream} were removed before group ${group} acknowledged them, and cannot be delivered again: ${some}`,
    );
  }
}

/** How many entries an error names. */
const MOST_NAMED = 10;
/** Longer than anything was left alone, in milliseconds: nothing is claimed. */
const FOR_EVER_MS = String(Number.MAX_SAFE_INTEGER);

/** Who is told of entries that can be delivered to nobody any more. */
export type TellRemoved = (error: EntriesRemovedError) => void;

/**
 * Tells of those pending entries that are not in the stream any more, which XCLAIM would forget without a word. The server forgets them
 * here, so that each is told once in the whole group.
 */
async function tellRemoved(of: Group, consumer: string, ids: readonly string[], tell: TellRemoved): Promise<void> {
  const { server, stream, group } = of;
  const forget = (id: string) =>
    server.ask(["XAUTOCLAIM", stream, group, consumer, FOR_EVER_MS, id, "COUNT", "1", "JUSTID"]);
  const removed = (await Promise.all(ids.map(forget))).flatMap(toRemoved);
  if (removed.length > 0) tell(new EntriesRemovedError(of, removed));
}

/**
 * Claims those of the entries that nobody touched for `idle` milliseconds, which counts a delivery. Of several instances that try, one
 * gets each.
 */
export async function claim(
  of: Group,
  consumer: string,
  ids: readonly string[],
  idle: number,
  tell: TellRemoved,
): Promise<Claimed[]> {
  const { server, stream, group } = of;
  if (ids.length === 0) return [];
  await tellRemoved(of, consumer, ids, tell);
  const entries = toEntries(await server.ask(["XCLAIM", stream, group, consumer, String(idle), ...ids]));
  return Promise.all(entries.map(async (entry) => ({ entry, attempt: await deliveriesOf(of, entry.id) })));
}

/** Takes an entry of the consumer's own whose delivery the connection lost on its way; it does not count again. */
export async function takeAgain(
  of: Group,
  consumer: string,
  { id, deliveries }: Pending,
  tell: TellRemoved,
): Promise<Claimed[]> {
  await tellRemoved(of, consumer, [id], tell);
  const words = ["XCLAIM", of.stream, of.group, consumer, "0", id, "RETRYCOUNT", String(deliveries)];
  return toEntries(await of.server.ask(words)).map((entry) => ({ entry, attempt: deliveries }));
}

async function deliveriesOf({ server, stream, group }: Group, id: string): Promise<number> {
  const [pending] = toPending(await server.ask(["XPENDING", stream, group, id, id, "1"]));
  return pending?.deliveries ?? 1;
}

/** The command that lets a failed entry wait for `delay` milliseconds; it counts no delivery. */
export const waitFor = ({ stream, group }: Group, id: string, delay: number): string[] => [
  "XCLAIM",
  stream,
  group,
  retryConsumer(delay),
  "0",
  id,
  "IDLE",
  "0",
  "JUSTID",
];

/** The command that gives an entry to whichever consumer comes next, after `delay` milliseconds, as if it had not been delivered. */
export const giveBack = ({ stream, group }: Group, id: string, attempt: number, delay = 0): string[] => [
  "XCLAIM",
  stream,
  group,
  retryConsumer(delay),
  "0",
  id,
  "IDLE",
  "0",
  "RETRYCOUNT",
  String(attempt - 1),
  "JUSTID",
];

/** Tells the server that the consumer is still at work on those of the entries that are its own. */
export async function stillAtWork(of: Group, consumer: string, ids: readonly string[]): Promise<void> {
  const own = new Set((await pendingOf(of, consumer, ids.length + MOST_UNKNOWN)).map(({ id }) => id));
  const kept = ids.filter((id) => own.has(id));
  if (kept.length === 0) return;
  await of.server.ask(["XCLAIM", of.stream, of.group, consumer, "0", ...kept, "IDLE", "0", "JUSTID"]);
}

/** Entries of a consumer that it took after those that are asked about. */
const MOST_UNKNOWN = 1_000;

export async function consumersOf({ server, stream, group }: Group): Promise<GroupConsumer[]> {
  return toRecords(await server.ask(["XINFO", "CONSUMERS", stream, group])).map(({ name, pending, idle }) => ({
    name: text(name),
    pending: Number(pending),
    idle: Number(idle),
  }));
}

/** Whether the error says that the stream or its group is not there. */
export const isMissing = (error: unknown): boolean =>
  refusalOf(error) === "NOGROUP" || (error as Error).cause === "ERR no such key";

/**
 * Makes a group that is not there, from the stream's first entry on, so that it passes over nothing that nobody has handled. Throws a
 * RefusedError that says what is missing where the app may not.
 */
export async function makeGroup({ server, stream, group }: Group): Promise<void> {
  try {
    await server.ask(["XGROUP", "CREATE", stream, group, "0", "MKSTREAM"]);
  } catch (error) {
    if (refusalOf(error) === "BUSYGROUP") return;
    if (refusalOf(error) !== "NOPERM") throw error;
    const missing = `${server.name}: there is no stream ${stream}, or it has no consumer group ${group}`;
    throw new RefusedError(`${missing}: run pulumi up --refresh, which makes it`, {
      advice: "because its group is gone; start it again once the group exists",
      cause: (error as Error).cause,
    });
  }
}

/** Whether a name is one of this client's consumers. */
export const isOurs = (consumer: string): boolean => consumer.startsWith(`${CLIENT_NAME}/`);

/** The other groups of a stream, of this environment or not, that have a consumer which does not show that it keeps the contract. */
export async function othersOn({ server, stream, group }: Group): Promise<string[]> {
  const groups = await server.ask(["XINFO", "GROUPS", stream]).catch((error) => {
    if (isMissing(error)) return [];
    throw error;
  });
  const others = toRecords(groups).flatMap(({ name }) => (text(name) === group ? [] : [text(name)]));
  const strangers = await Promise.all(
    others.map(async (name) => {
      const consumers = await consumersOf({ server, stream, group: name });
      return consumers.some((one) => !isOurs(one.name) && retryDelayOf(one.name) === undefined);
    }),
  );
  return others.filter((_, at) => strangers[at]);
}
