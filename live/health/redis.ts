import { answers, RefusedError } from "../../client/message.ts";
import type { RedisOperator } from "../../client/operator.ts";
import { consumersOf, isMissing, pendingOf } from "../../client/redis/group.ts";
import { connectedOf, unreadOf } from "../../client/redis/operator.ts";
import { text, toRecords } from "../../client/redis/replies.ts";
import { retryDelayOf } from "../../client/redis/retrySchedule.ts";
import { type Reply, refusalOf, type Server, serverOf } from "../../client/redis/server.ts";
import { saidIn, untold } from "../../client/redis/telling.ts";
import { markOf } from "../redisIdentity.ts";
import { type RemovedPending, removedOf, removedPending } from "./redisRemoved.ts";

export interface RedisGroupFigures {
  flow: string;
  stream: string;
  group: string;
  /** Entries that nobody read yet. */
  unread: number;
  /** Entries that were removed from the front of the stream before the group read them; 0 where the server cannot tell. */
  removed: number;
  /** Entries that were removed while they were pending. */
  removedPending: RemovedPending;
  /** Entries that were delivered and are not acknowledged, those that wait for a retry apart. */
  pending: number;
  /** Consumers that asked for something in the last minute. */
  connected: number;
  /** Whether the stream and its group are there. */
  exists: boolean;
  /** Entries that failed and wait for a retry, by delay in milliseconds: how many, and for how long the oldest is due (negative: not yet). */
  retrying: { delay: number; pending: number; due: number }[];
  /** Consumers that hold entries, and for how long the oldest of them was not touched, in milliseconds. */
  holding: { consumer: string; pending: number; idle: number }[];
}

export interface RedisStreamFigures {
  stream: string;
  /** Absent where a key of another type stands in place of the stream; its groups are left out. */
  entries?: number;
  /** Milliseconds until its key is deleted with all that it holds; absent: nothing says that it is. */
  expiresIn?: number;
}

export interface RedisFigures {
  instance: string;
  usedMemory: number;
  maxMemory: number;
  policy: string;
  evicted: number;
  appendOnly: boolean;
  /** Whether the append-only file could be written last time. */
  appendOnlyWritten: boolean;
  /** Whether the last snapshot could be written. */
  snapshotWritten: boolean;
  /** Replicas that follow closely, and how many must for the server to take a write (min-replicas-to-write); absent: none must. */
  replicas?: { following: number; least: number };
  /** Why the server cannot tell what its keys hold: it is a replica, or still loads. It is then asked for no stream and no group. */
  untold?: string;
  /** Whether it lets writes wait, and answers reads. */
  paused: boolean;
  /** How much the server's clock is ahead of ours, in milliseconds. */
  clockAhead: number;
  /** Whether the mark is there by which the environment knows the server; it stands in the first database since the first `up`. */
  marked: boolean;
  /** What the server refused in the last minute, by user and reason (`auth`: the login; else a right that the user has not). */
  refusals: { username: string; reason: string; count: number; object: string }[];
  /** Those of messages and those of dead letters. */
  streams: RedisStreamFigures[];
  groups: RedisGroupFigures[];
}

/** How long a refusal counts, in milliseconds: a client that goes on trying does so every few seconds. */
const RECENT_MS = 60_000;

/** Of one instance. Throws a ConnectionError. */
export async function redisFigures(instance: string, { deadLetters, ...login }: RedisOperator): Promise<RedisFigures> {
  const server = serverOf(login);
  try {
    const sent = Date.now();
    const [seconds, micros] = (await server.ask(["TIME"])) as [Reply, Reply];
    const clock = Number(text(seconds)) * 1000 + Number(text(micros)) / 1000;
    const info = text(await server.ask(["INFO"]));
    const said = (key: string) => saidIn(info, key) ?? "";
    const why = untold(info);
    // A Sentinel knows no streams, a node of a cluster not all of them, and a replica may be behind.
    const places = why ? [] : deadLetters;
    const streams = await Promise.all(
      [...new Set(places.flatMap(({ stream, deadLetterStream }) => [stream, deadLetterStream]))].map((one) =>
        streamOf(server, one),
      ),
    );
    const usable = places.filter((place) =>
      streams.some((one) => one.stream === place.stream && one.entries !== undefined),
    );
    const groups = await Promise.all(usable.map((place) => groupOf(server, place)));
    return {
      instance,
      usedMemory: Number(said("used_memory")),
      maxMemory: Number(said("maxmemory")),
      policy: said("maxmemory_policy"),
      evicted: Number(said("evicted_keys")),
      appendOnly: said("aof_enabled") === "1",
      appendOnlyWritten: said("aof_last_write_status") !== "err",
      snapshotWritten: said("rdb_last_bgsave_status") !== "err",
      ...(why && { untold: why }),
      ...(await replicasOf(server, saidIn(info, "min_slaves_good_slaves"))),
      marked: why !== undefined || (await markOf(server)) !== undefined,
      refusals: await refusalsOf(server, clock),
      clockAhead: Math.round(clock - (sent + Date.now()) / 2),
      streams,
      groups,
      // Last, for it may cost the connection.
      paused: why === undefined && (await isPaused(server)),
    };
  } finally {
    server.close();
  }
}

async function streamOf(server: Server, stream: string): Promise<RedisStreamFigures> {
  try {
    const entries = Number(await server.ask(["XLEN", stream]));
    const expiresIn = Number(await server.ask(["PTTL", stream]));
    // Negative: it does not expire, or is not there.
    return { stream, entries, ...(expiresIn >= 0 && { expiresIn }) };
  } catch (error) {
    if (refusalOf(error) !== "WRONGTYPE") throw error;
    return { stream };
  }
}

/** The server takes every script for one that may write, this one too, which does nothing. */
const WRITE = ["EVAL", "return 1", "0"];
/** How long a server that answers reads may take over it, in milliseconds. */
const WRITE_MS = 2_000;

/** Of a pause (CLIENT PAUSE) Redis tells nothing. Between two writes that get no answer it must answer a read: it may be merely slow. */
async function isPaused(server: Server): Promise<boolean> {
  const takesWrites = () => answers(server.send(WRITE, WRITE_MS));
  if (await takesWrites()) return false;
  await server.ask(["PING"]);
  return !(await takesWrites());
}

const NONE_REMOVED: RemovedPending = { inHand: 0, waiting: 0 };

async function groupOf(
  server: Server,
  { flow, stream, group }: RedisOperator["deadLetters"][number],
): Promise<RedisGroupFigures> {
  const of = { server, stream, group };
  try {
    const found = toRecords(await server.ask(["XINFO", "GROUPS", stream])).find(({ name }) => name === group);
    const consumers = await consumersOf(of);
    const full = await server.ask(["XINFO", "STREAM", stream, "FULL", "COUNT", "1"]);
    const busy = await Promise.all(
      consumers
        .filter(({ pending }) => pending > 0)
        .map(async ({ name, pending }) => {
          const [oldest] = await pendingOf(of, name, 1);
          return { consumer: name, delay: retryDelayOf(name), pending, idle: oldest?.idle ?? 0 };
        }),
    );
    const holding = busy.filter(({ delay }) => delay === undefined);
    return {
      flow,
      stream,
      group,
      exists: found !== undefined,
      unread: found ? await unreadOf(server, stream, found) : 0,
      removed: removedOf(full, group),
      removedPending: found ? await removedPending(of, full) : NONE_REMOVED,
      pending: holding.reduce((sum, { pending }) => sum + pending, 0),
      connected: connectedOf(consumers).length,
      retrying: busy.flatMap(({ delay, pending, idle }) =>
        delay === undefined ? [] : [{ delay, pending, due: idle - delay }],
      ),
      holding: holding.map(({ consumer, pending, idle }) => ({ consumer, pending, idle })),
    };
  } catch (error) {
    if (!isMissing(error)) throw error;
    return {
      flow,
      stream,
      group,
      exists: false,
      unread: 0,
      removed: 0,
      removedPending: NONE_REMOVED,
      pending: 0,
      connected: 0,
      retrying: [],
      holding: [],
    };
  }
}

/** `following`: said only where some must follow. Where the server does not show its settings, as managed ones do not, at least one must. */
async function replicasOf(server: Server, following: string | undefined): Promise<Pick<RedisFigures, "replicas">> {
  if (following === undefined) return {};
  const setting = await unlessRefused(server.ask(["CONFIG", "GET", "min-replicas-to-write"]), ["", "1"]);
  const [, least] = setting as Reply[];
  return { replicas: { following: Number(following), least: Number(text(least!)) } };
}

async function unlessRefused(asked: Promise<Reply>, otherwise: Reply): Promise<Reply> {
  return asked.catch((error) => {
    if (error instanceof RefusedError) return otherwise;
    throw error;
  });
}

/** None where the server does not show its log of refusals, as managed ones do not. */
async function refusalsOf(server: Server, clock: number): Promise<RedisFigures["refusals"]> {
  const reply = await unlessRefused(server.ask(["ACL", "LOG", "100"]), []);
  return toRecords(reply)
    .filter((entry) => clock - Number(entry["timestamp-last-updated"]) < RECENT_MS)
    .map(({ username, reason, count, object }) => ({
      username: text(username),
      reason: text(reason),
      count: Number(count),
      object: text(object),
    }));
}
