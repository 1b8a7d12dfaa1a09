import { createClient, ErrorReply } from "@redis/client";
import { within } from "../../../client/within.ts";
import type { Answer, Session } from "./cells.ts";
import type { RedisTry } from "./oracleRedis.ts";

/** How somebody would reach the server; without a login, without AUTH. */
export interface RedisWay {
  port: number;
  login?: { username: string; password: string };
}

/** Milliseconds. */
const PATIENCE = 10_000;

/**
 * What somebody tries on Redis, over one connection; a subscription in one of its own, as it changes what a connection may do. A
 * refusal is an error reply: NOPERM, at the login WRONGPASS, without one NOAUTH.
 */
export function redisSession(way: RedisWay): Session<RedisTry> {
  let open: Promise<Client> | undefined;

  return {
    async attempt(tried) {
      const subscribes = tried.action.startsWith("subscribe");
      if (!subscribes) open ??= connect(way);
      const opening = subscribes ? connect(way) : open!;
      try {
        const client = await opening;
        const asked: Promise<unknown> = subscribes ? subscribe(client, tried) : client.sendCommand(wordsOf(tried));
        await within(PATIENCE, asked);
        return "allowed";
      } catch (error) {
        if (!(error instanceof ErrorReply) || (await opening.catch(() => undefined)) === undefined) open = undefined;
        return answerOf(error);
      } finally {
        if (subscribes) await end(opening);
      }
    },
    close: async () => open && end(open),
  };
}

type Client = ReturnType<typeof clientOf>;

const clientOf = ({ port, login }: RedisWay) =>
  createClient({
    ...login,
    RESP: 2,
    disableClientInfo: true,
    disableOfflineQueue: true,
    socket: { host: "127.0.0.1", port, connectTimeout: PATIENCE, reconnectStrategy: false },
  });

async function connect(way: RedisWay): Promise<Client> {
  const client = clientOf(way);
  client.on("error", () => {});
  await within(PATIENCE, client.connect());
  return client;
}

async function end(opening: Promise<Client>): Promise<void> {
  const client = await opening.catch(() => undefined);
  if (client?.isOpen) client.destroy();
}

/** DEBUG is off for everybody; the server says so before it looks at rights. */
const REFUSALS = /^(NOPERM|NOAUTH|WRONGPASS) |^ERR DEBUG command not allowed/;

const answerOf = (error: unknown): Answer =>
  error instanceof ErrorReply && REFUSALS.test(error.message) ? "denied" : String(error);

async function subscribe(client: Client, tried: RedisTry): Promise<void> {
  if (tried.action === "subscribe") await client.subscribe(tried.channel, () => {});
  if (tried.action === "subscribe to pattern") await client.pSubscribe(tried.pattern, () => {});
}

function wordsOf(tried: RedisTry): string[] {
  switch (tried.action) {
    case "add to stream":
      return ["XADD", tried.stream, "*", "probe", "1"];
    case "read group":
      return ["XREADGROUP", "GROUP", tried.group, "probe", "COUNT", "1", "STREAMS", tried.stream, ">"];
    case "acknowledge":
      return ["XACK", tried.stream, tried.group, "0-1"];
    case "claim":
      return ["XAUTOCLAIM", tried.stream, tried.group, "probe", "60000", "0"];
    case "look at groups":
      return ["XPENDING", tried.stream, tried.group];
    case "trim":
      return ["XTRIM", tried.stream, "MINID", "0"];
    case "drop consumer":
      return ["XGROUP", "DELCONSUMER", tried.stream, tried.group, "nobody"];
    case "publish":
      return ["PUBLISH", tried.channel, "probe"];
    case "key":
      return filled(tried.command, tried.keys);
    case "server":
      return tried.command.split(" ");
    default:
      throw new Error(`no command for ${tried.action}`);
  }
}

/** `SET $1 x` with its keys. */
const filled = (command: string, keys: string[]): string[] =>
  command.split(" ").map((word) => (/^\$\d$/.test(word) ? keys[Number(word[1]) - 1]! : word));
