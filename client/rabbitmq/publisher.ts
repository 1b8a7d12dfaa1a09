import { setImmediate as nextTurn } from "node:timers/promises";
import type { Channel, ReturnedMessage } from "rabbitmq-client";
import { REACH_DELAYS_MS, withRetries } from "../connection.ts";
import { HEADERS } from "../headers.ts";
import { ConnectionError, isTooLarge, RefusedError } from "../message.ts";
import { within } from "../within.ts";
import { headersIn, type Properties, payloadSize, tableOf } from "./content.ts";
import { toClientError } from "./errors.ts";
import type { Link } from "./link.ts";
import { framed, publishFramed } from "./rawBodies.ts";

/** A message on its way out. */
export interface Outgoing {
  /** Empty: the default exchange. */
  exchange: string;
  routingKey: string;
  /** Its identity, as its properties say it too: by it the broker's return of it is known. */
  messageId: string;
  properties: Properties;
}

/** Publishes durably, and returns when the broker has taken the message into a queue. */
export interface Publisher {
  /**
   * Throws a RefusedError where the broker refuses or cannot route it, or where its headers are too large, and a ConnectionError where
   * that cannot be known. A message that was not confirmed in time is still underway: sent again, it is waited for, not published twice.
   * During an alarm, while {@link MOST_LATE} such messages are underway, others get the ConnectionError at once and are not sent.
   */
  send(message: Outgoing, body: Buffer): Promise<void>;
  /** Waits for every confirm. */
  close(): Promise<void>;
}

const CONFIRM_PATIENCE_MS = 30_000;
/** For so long a late confirm is known to whoever sends the message again, in milliseconds. */
const LATE_MS = 60_000;
/** So many late messages, with their bodies, are held for a broker that takes none: an alarm may last for hours. */
const MOST_LATE = 1_000;

interface ConfirmChannel {
  channel: Channel;
  /** How many messages of this identity and key came back as unroutable. */
  returned: Map<string, number>;
}

/** A message that was not confirmed in time. Its channel may still hold it, and the broker may take it hours later. */
interface Late {
  message: Outgoing;
  body: Buffer;
  taken: Promise<void>;
}

/**
 * A channel an exchange, as a refusal closes the channel with all that is on it. Unroutable messages come back before they are
 * confirmed, and the library tells both in turns of their own.
 */
export function publisherOn(link: Link, patience = CONFIRM_PATIENCE_MS): Publisher {
  const channels = new Map<string, Promise<ConfirmChannel>>();
  const underway = new Set<Promise<void>>();
  const late = new Map<string, Late[]>();
  const unconfirmed = new Set<Late>();

  const channelFor = (exchange: string): Promise<ConfirmChannel> => {
    const known = channels.get(exchange);
    if (known) return known;
    const forget = () => channels.delete(exchange);
    const opened = withRetries(REACH_DELAYS_MS, () => openConfirmed(link, forget));
    channels.set(exchange, opened);
    opened.catch(forget);
    return opened;
  };

  /** Returns when the broker has taken it, however long that takes. */
  async function taken(message: Outgoing, body: Buffer, place: string): Promise<void> {
    const { channel, returned } = await channelFor(message.exchange);
    const { frame, limit } = framed(channel, message.properties, body);
    // The library would close the channel with all that is on it.
    if (payloadSize(frame) > limit) {
      throw new RefusedError(
        `${place}: message ${message.messageId} is too large: its properties and headers are ${payloadSize(frame)} bytes, and the broker takes ${limit} in one frame (frame_max)`,
        { tooLarge: true },
      );
    }
    try {
      await publishFramed(channel, message, frame, body);
    } catch (error) {
      const failure = toClientError(error, place);
      if (!isTooLarge(failure) || failure.message.includes(`message size ${body.length} `)) throw failure;
      // Its channel was closed for another message on it, and the library tells that to the oldest one.
      throw new ConnectionError(`${place}: the channel was closed for another message: ${failure.message}`);
    }
    await nextTurn();
    if (takeOne(returned, identityOf(message))) throw new RefusedError(`${place}: no queue takes the message`);
  }

  async function sent(message: Outgoing, body: Buffer): Promise<void> {
    const place = `rabbitmq ${message.exchange || "default"} exchange, routing key ${message.routingKey}`;
    const before = late.get(identityOf(message))?.find((one) => isSame(one, message, body));
    if (before) forget(before);
    else if (unconfirmed.size >= MOST_LATE && link.blocked()) {
      throw new ConnectionError(
        `${place}: not sent, as the broker has yet to confirm ${MOST_LATE} messages or more that are late: ${link.blocked()}`,
      );
    }
    const one = before ?? { message, body, taken: taken(message, body, place) };
    let isLate = false;
    const tooLate = () => {
      isLate = true;
      const why = link.blocked() ?? "the broker may be short of memory or disk, or hang";
      return new ConnectionError(`${place}: the broker did not confirm within ${patience / 1000} s: ${why}`);
    };
    await within(patience, one.taken, tooLate).finally(() => {
      if (isLate) remember(one);
    });
  }

  function remember(one: Late): void {
    const identity = identityOf(one.message);
    late.set(identity, [...(late.get(identity) ?? []), one]);
    unconfirmed.add(one);
    const confirmed = () => unconfirmed.delete(one);
    one.taken.finally(confirmed).then(
      () => void setTimeout(forget, LATE_MS, one).unref(),
      () => forget(one),
    );
  }

  function forget(one: Late): void {
    const identity = identityOf(one.message);
    const others = (late.get(identity) ?? []).filter((other) => other !== one);
    if (others.length > 0) late.set(identity, others);
    else late.delete(identity);
  }

  return {
    send(message, body) {
      const sending = sent(message, body);
      const settled = sending.then(
        () => undefined,
        () => undefined,
      );
      underway.add(settled);
      settled.then(() => underway.delete(settled));
      return sending;
    },
    async close() {
      await Promise.all(underway);
      const opened = await Promise.allSettled(channels.values());
      await Promise.all(opened.map((one) => (one.status === "fulfilled" ? one.value.channel.close() : undefined)));
    },
  };
}

async function openConfirmed(link: Link, onEnd: () => void): Promise<ConfirmChannel> {
  const { channel, ended } = await link.open();
  const returned = new Map<string, number>();
  channel.on("basic.return", (message: ReturnedMessage) => {
    const identity = identityOf(message);
    returned.set(identity, (returned.get(identity) ?? 0) + 1);
  });
  ended.then(onEnd);
  try {
    await channel.confirmSelect();
  } catch (error) {
    throw toClientError(error, "rabbitmq");
  }
  return { channel, returned };
}

const identityOf = ({ messageId, routingKey }: { messageId?: string; routingKey?: string }): string =>
  JSON.stringify([messageId, routingKey]);

function takeOne(counts: Map<string, number>, identity: string): boolean {
  const count = counts.get(identity) ?? 0;
  if (count > 1) counts.set(identity, count - 1);
  else counts.delete(identity);
  return count > 0;
}

/** Whether a message is one of its identity that is underway, whenever an app began to publish it. */
const isSame = (late: Late, message: Outgoing, body: Buffer): boolean =>
  late.message.exchange === message.exchange &&
  late.body.equals(body) &&
  timeless(late.message.properties).equals(timeless(message.properties));

const timeless = (properties: Properties): Buffer => {
  const headers = headersIn(properties.get("headers")).filter(({ name }) => name !== HEADERS.publishedAt);
  const others = [...properties].filter(([name]) => name !== "headers" && name !== "timestamp");
  return Buffer.concat([tableOf(headers), ...others.map(([, value]) => value)]);
};
