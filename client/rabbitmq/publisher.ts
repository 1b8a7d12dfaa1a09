import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import type { Channel, Envelope, ReturnedMessage } from "rabbitmq-client";
import { REACH_DELAYS_MS, withRetries } from "../connection.ts";
import { ConnectionError, RefusedError } from "../message.ts";
import { toClientError } from "./errors.ts";
import type { Link } from "./link.ts";

/** A message on its way out: it must have an identity, by which the broker's return of it is known. */
export type Outgoing = Envelope & { exchange: string; routingKey: string; messageId: string };

/** Publishes durably, and returns when the broker has taken the message into a queue. */
export interface Publisher {
  /** Throws a RefusedError where the broker refuses or cannot route it, and a ConnectionError where that cannot be known. */
  send(message: Outgoing, body: Buffer): Promise<void>;
  /** Waits for every confirm. */
  close(): Promise<void>;
}

const CONFIRM_PATIENCE_MS = 30_000;

interface ConfirmChannel {
  channel: Channel;
  /** How many messages of this identity and key came back as unroutable. */
  returned: Map<string, number>;
}

/**
 * A channel an exchange, as a refusal closes the channel with all that is on it. Unroutable messages come back before they are
 * confirmed, and the library tells both in turns of their own.
 */
export function publisherOn(link: Link): Publisher {
  const channels = new Map<string, Promise<ConfirmChannel>>();
  const underway = new Set<Promise<void>>();

  const channelFor = (exchange: string): Promise<ConfirmChannel> => {
    const known = channels.get(exchange);
    if (known) return known;
    const forget = () => channels.delete(exchange);
    const opened = withRetries(REACH_DELAYS_MS, () => openConfirmed(link, forget));
    channels.set(exchange, opened);
    opened.catch(forget);
    return opened;
  };

  async function sent(message: Outgoing, body: Buffer): Promise<void> {
    const { channel, returned } = await channelFor(message.exchange);
    const place = `${message.exchange || "the default exchange"}, routing key ${message.routingKey}`;
    try {
      await confirmed(channel.basicPublish({ ...message, durable: true, mandatory: true }, body), place);
    } catch (error) {
      throw toClientError(error, place);
    }
    await nextTurn();
    if (takeOne(returned, identityOf(message))) throw new RefusedError(`${place}: no queue takes the message`);
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

/** A broker that is out of memory or disk neither confirms nor closes. */
async function confirmed(publishing: Promise<void>, place: string): Promise<void> {
  const patience = new AbortController();
  const late = wait(CONFIRM_PATIENCE_MS, undefined, { signal: patience.signal }).then(() => {
    throw new ConnectionError(`${place}: the broker did not confirm within ${CONFIRM_PATIENCE_MS / 1000} s`);
  });
  late.catch(() => undefined);
  await Promise.race([publishing, late]).finally(() => patience.abort());
}
