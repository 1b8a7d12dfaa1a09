import { REFUSED_PATIENCE_MS } from "../insist.ts";
import { lifecycle } from "../lifecycle.ts";
import { type ConsumeOptions, type Consumer, OutdatedAccessError } from "../message.ts";
import { troubleOf } from "../quietly.ts";
import { textsOf } from "../thrown.ts";
import { createRawClient, isRefusal, type Login, nameOf, toError } from "./server.ts";

/** Hears a message. What it throws, or rejects with, is told, and the message is not heard again. */
export type ListenHandler = (channel: string, body: Buffer) => unknown;

/** Told of a lost connection, why it does not come back, what a handler threw, and what ended the listener. */
export type ListenOptions = Pick<ConsumeOptions, "onError">;

const PATIENCE_MS = 10_000;
const LONGEST_WAIT_MS = 2_000;
/** A listener asks for nothing, so without this it would not notice a connection that is cut off. */
const PING_MS = 5_000;

/**
 * Listens to a channel, or to all that begin alike where the name ends in `*`; `covering` is what the app may subscribe to, for the
 * server grants a pattern as it stands there and no narrower one. Returns when the server has confirmed it. After a lost connection
 * it subscribes again; what was published meanwhile is missed. It ends where the server lets it in or subscribe no more.
 */
export async function listenTo(
  login: Login,
  channel: string,
  covering: string,
  handler: ListenHandler,
  { onError = () => {} }: ListenOptions = {},
): Promise<Consumer> {
  const end = Date.now() + PATIENCE_MS;
  let ready = false;
  const place = `${nameOf(login)}, ${channel}`;
  let refusedAt: number | undefined;
  const trouble = troubleOf(onError);
  const client = createRawClient(
    login,
    (tries, cause) => {
      if (!ready && Date.now() > end) return false;
      refusedAt = isRefusal(cause) ? (refusedAt ?? Date.now()) : undefined;
      if (ready && refusedAt !== undefined && Date.now() - refusedAt >= REFUSED_PATIENCE_MS) return false;
      return Math.min(50 * 2 ** tries, LONGEST_WAIT_MS);
    },
    PING_MS,
  );
  const { consumer, fail } = lifecycle(async () => {
    if (client.isOpen) client.destroy();
  }, onError);
  // The client connects again by itself. Before the first connection its errors are the caller's.
  client.on("error", (cause) => {
    if (ready && client.isOpen)
      trouble.tell(toError(`${place}, of which nothing is heard until it is connected again`, cause));
  });
  client.on("ready", () => trouble.over());
  client.on("terminated", (cause) => {
    if (ready) fail(new OutdatedAccessError(place, toError(place, cause)));
  });
  const wide = channel.endsWith("*");
  const beginning = channel.slice(0, -1);
  // Thrown here, it would end the connection; rejected, the process.
  const listener = async (body: Buffer, name: Buffer) => {
    const from = name.toString();
    if (wide && !from.startsWith(beginning)) return;
    try {
      await handler(from, body);
    } catch (error) {
      onError(new Error(`${nameOf(login)}, ${from}: a handler failed: ${textsOf(error).message}`, { cause: error }));
    }
  };
  try {
    await client.connect();
    if (wide) await client.pSubscribe(covering, listener, true);
    else await client.subscribe(channel, listener, true);
    ready = true;
  } catch (error) {
    if (client.isOpen) client.destroy();
    throw toError(place, error);
  }
  return consumer;
}
