import { setTimeout as wait } from "node:timers/promises";
import { type Channel, Connection, type ConnectionOptions } from "rabbitmq-client";
import type { RabbitmqAccess } from "../access.ts";
import { CLIENT_NAME } from "../deadLetters.ts";
import { AWAY, ConnectionError, RefusedError } from "../message.ts";
import { toClientError } from "./errors.ts";
import { keepRaw } from "./rawBodies.ts";

/** How one user reaches its vhost. */
export type Login = Pick<RabbitmqAccess, "url" | "urls" | "vhost" | "username" | "password" | "ca"> & {
  /** What the broker shows of the connection. Default: {@link CLIENT_NAME}. */
  name?: string;
};

/** A channel, and why it ended once it has. */
export interface OpenChannel {
  channel: Channel;
  ended: Promise<Error>;
}

/** A connection that is made when it is needed, and made again after it broke. */
export interface Link {
  /** Opens a channel. Throws a ConnectionError where the broker does not answer, and a RefusedError where it does not let the user in. */
  open(): Promise<OpenChannel>;
  /** Why the broker takes no messages by this connection now, as an alarm says; undefined where it does. */
  blocked(): string | undefined;
  close(): Promise<void>;
}

// What RabbitMQ itself offers: a message's headers must fit into one frame, and the library's 8192 bytes would not hold an error's stack.
const FRAME_BYTES = 131_072;
// A broker that went silent is noticed after two missed heartbeats of the library's.
const HEARTBEAT_SECONDS = 10;
const PATIENCE_MS = 10_000;
/** How long each of several nodes but the last may take to let a client in, in milliseconds. */
const NEXT_AFTER_MS = 3_000;

/**
 * The link of a user; nothing is connected yet. `onBlocked` is told each time that the broker takes no more messages, and `onUnblocked`
 * when it takes them again.
 */
export function linkTo(
  login: Login,
  onBlocked: (error: ConnectionError) => void = () => {},
  onUnblocked: () => void = () => {},
): Link {
  const place = placeOf(login);
  const connectToAny = connectorOf(login);
  let current: Promise<Connection> | undefined;
  let closed = false;
  let alarm: string | undefined;

  const connection = (): Promise<Connection> => {
    if (closed) return Promise.reject(new ConnectionError(`${place}: the client is closed`));
    if (current) return current;
    const made = connectToAny(() => {
      if (current !== made) return;
      current = undefined;
      alarm = undefined;
    });
    current = made;
    made.then(watchAlarms, () => undefined);
    return made;
  };
  const watchAlarms = (opened: Connection) => {
    opened.on("connection.blocked", (reason) => {
      alarm = `the broker takes no messages from anybody, as it is ${reason} (an alarm); it accepts them again by itself when that is over`;
      onBlocked(new ConnectionError(`${place}: ${alarm}`, { state: alarm }));
    });
    opened.on("connection.unblocked", () => {
      alarm = undefined;
      onUnblocked();
    });
  };

  return {
    async open() {
      try {
        const channel = await (await connection()).acquire({ emitErrorsFromChannel: true });
        keepRaw(channel);
        closeInTime(channel);
        return { channel, ended: endOf(channel, place) };
      } catch (error) {
        throw toClientError(error, place);
      }
    },
    blocked: () => alarm,
    async close() {
      closed = true;
      const last = await current?.catch(() => undefined);
      current = undefined;
      if (last) await ended(last);
    },
  };
}

/** What errors call the broker. */
export const placeOf = ({ url, urls = [url], vhost }: Login): string => `rabbitmq ${vhost} at ${urls.join(", ")}`;

/** Connects to one node after the other, from the one that answered last, until one lets the client in or refuses it. */
function connectorOf({ urls, ...login }: Login): (onEnd: () => void) => Promise<Connection> {
  const nodes = urls ?? [login.url];
  let first = 0;
  return async (onEnd) => {
    for (let tried = 1; ; tried++) {
      const isLast = tried === nodes.length;
      let isOpen = false;
      try {
        const onClosed = () => void (isOpen && onEnd());
        const patience = isLast ? PATIENCE_MS : NEXT_AFTER_MS;
        const connection = await connect({ ...login, url: nodes[first]! }, onClosed, patience);
        isOpen = true;
        return connection;
      } catch (error) {
        if (!(error instanceof RefusedError)) first = (first + 1) % nodes.length;
        if (!isLast && !(error instanceof RefusedError)) continue;
        onEnd();
        throw error;
      }
    }
  };
}

/** Resolves when the connection is open. The library would reconnect by itself, with a wrong password for ever: it is ended instead. */
function connect(login: Login, onEnd: () => void, connectionTimeout: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const connection = new Connection({ ...toOptions(login), connectionTimeout });
    connection.once("connection", () => resolve(connection));
    connection.on("error", (error) => {
      connection.unsafeDestroy();
      onEnd();
      reject(toClientError(error, placeOf(login)));
    });
  });
}

/** What the library connects by. */
export function toOptions({ url, vhost, username, password, ca, name = CLIENT_NAME }: Login): ConnectionOptions {
  const { protocol, hostname, port } = new URL(url);
  return {
    // The brackets of an IPv6 address belong to the URL.
    hostname: hostname.replace(/^\[(.*)\]$/, "$1"),
    port,
    tls: protocol === "amqps:" && (ca === undefined || { ca }),
    vhost,
    username,
    password,
    connectionName: name,
    frameMax: FRAME_BYTES,
    heartbeat: HEARTBEAT_SECONDS,
    connectionTimeout: PATIENCE_MS,
    acquireTimeout: PATIENCE_MS,
  };
}

/** A channel that asked a queue whose leader hangs is not closed before that answers, which takes a minute; nobody waits so long. */
function closeInTime(channel: Channel): void {
  const close = channel.close.bind(channel);
  channel.close = () => Promise.race([close(), wait(PATIENCE_MS / 2, undefined, { ref: false })]);
}

/** Closes a connection whose channels are closed; one that does not answer is dropped. */
async function ended(connection: Connection): Promise<void> {
  const closed = connection.close().then(
    () => true,
    () => true,
  );
  if (!(await Promise.race([closed, wait(PATIENCE_MS, false, { ref: false })]))) connection.unsafeDestroy();
}

function endOf(channel: Channel, place: string): Promise<Error> {
  let reason: unknown = new ConnectionError(`${place}: the channel is closed`, { state: AWAY });
  channel.on("error", (error: Error) => {
    reason = error;
  });
  return new Promise((resolve) => channel.once("close", () => resolve(toClientError(reason, place))));
}
