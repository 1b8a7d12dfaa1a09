import { setImmediate as nextTurn } from "node:timers/promises";
import type { Channel, ReturnedMessage } from "rabbitmq-client";
import { REACH_DELAYS_MS, withRetries } from "../connection.ts";
import { ConnectionError, RefusedError } from "../message.ts";
import { type Properties, payloadSize } from "./content.ts";
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

/** Sends messages so that one which the broker refuses takes no other with it. */
export interface Sender {
  /** Returns when the broker has taken it, however long that takes. `place` begins its errors. */
  send(message: Outgoing, body: Buffer, place: string): Promise<void>;
  close(): Promise<void>;
}

interface ConfirmChannel {
  channel: Channel;
  ended: Promise<unknown>;
  /** How many messages of this identity and key came back as unroutable. */
  returned: Map<string, number>;
}

interface Exchange {
  channel?: Promise<ConfirmChannel>;
  /** So large a body the broker takes there for all that is known, in bytes. */
  taken: number;
  /** Routing keys by which the broker refused a message last. */
  refused: Set<string>;
}

/** What goes out by one exchange and routing key, in order. */
interface Lane {
  users: number;
  /** When the next one may go. */
  turn: Promise<void>;
  unconfirmed: Set<Promise<void>>;
}

/** So large a body is too large for no broker, in bytes. `max_message_size` is 16 MiB unless somebody sets it. */
const SMALL = 65_536;
/** Beyond so many channels for one message each, even a message that may be refused goes with the others. */
const MOST_ALONE = 100;
/** So many of them are kept for the next message. */
const MOST_IDLE = 10;
/** So many refused routing keys of an exchange are remembered. */
const MOST_REFUSED = 1_000;

/**
 * A refusal closes the channel, and of all else on it nobody knows whether the broker took it: sent again, it may be there twice. So each
 * exchange has a channel of its own, and a body that is larger than any that the broker has taken there goes alone, as does what has a
 * routing key that was refused; what follows it by the same key waits for it.
 */
export function senderOn(link: Link): Sender {
  const channels = new Set<Channel>();
  const exchanges = new Map<string, Exchange>();
  const lanes = new Map<string, Lane>();
  let idle: Promise<ConfirmChannel>[] = [];
  let alone = 0;
  let closed = false;

  function open(onEnd: (opened: Promise<ConfirmChannel>) => void): Promise<ConfirmChannel> {
    const opened = withRetries(REACH_DELAYS_MS, () => openConfirmed(link));
    const over = opened.then(async ({ channel, ended }) => {
      channels.add(channel);
      await ended;
      channels.delete(channel);
    });
    const forget = () => onEnd(opened);
    over.then(forget, forget);
    return opened;
  }

  function exchangeOf(name: string): Exchange {
    const known = exchanges.get(name) ?? { taken: SMALL, refused: new Set() };
    exchanges.set(name, known);
    return known;
  }

  function shared(exchange: Exchange): Promise<ConfirmChannel> {
    exchange.channel ??= open(() => {
      exchange.channel = undefined;
      // It may have ended because the broker takes less now.
      exchange.taken = SMALL;
    });
    return exchange.channel;
  }

  async function byItself(use: (channel: ConfirmChannel) => Promise<void>): Promise<void> {
    const own = idle.pop() ?? open((ended) => (idle = idle.filter((one) => one !== ended)));
    const opened = await own;
    try {
      await use(opened);
    } finally {
      if (idle.length >= MOST_IDLE) void opened.channel.close();
      else if (opened.channel.active) idle.push(own);
    }
  }

  /** What had to wait until then would each try for itself to connect again. */
  function mustBeOpen(): void {
    if (closed) throw new ConnectionError("rabbitmq: the client is closed");
  }

  async function inTurn(
    message: Outgoing,
    size: number,
    publish: (channel: ConfirmChannel) => Promise<void>,
    lane: Lane,
  ) {
    const before = lane.turn;
    let next = () => {};
    lane.turn = new Promise((resolve) => {
      next = resolve;
    });
    try {
      await before;
      mustBeOpen();
      const exchange = exchangeOf(message.exchange);
      const isSafe = size <= exchange.taken && !exchange.refused.has(message.routingKey);
      if (isSafe || alone >= MOST_ALONE) {
        // Those behind it wait for the same channel, not for this one to have it: they fail together, and go in order.
        const publishing = shared(exchange).then(publish);
        lane.unconfirmed.add(publishing);
        next();
        return await publishing.finally(() => lane.unconfirmed.delete(publishing));
      }
      alone += 1;
      try {
        await Promise.allSettled(lane.unconfirmed);
        mustBeOpen();
        await byItself(publish);
      } finally {
        alone -= 1;
      }
    } finally {
      next();
    }
  }

  return {
    async send(message, body, place) {
      const name = JSON.stringify([message.exchange, message.routingKey]);
      const lane = lanes.get(name) ?? { users: 0, turn: Promise.resolve(), unconfirmed: new Set() };
      lanes.set(name, lane);
      lane.users += 1;
      const publish = async (one: ConfirmChannel) => {
        const frame = fitting(one.channel, message, body, place);
        const exchange = exchangeOf(message.exchange);
        await confirmed(one, message, body, frame, place).catch((error: Error) => {
          const topic = topicIn(error.message);
          if (topic !== undefined) refuse(exchange, message.routingKey.startsWith(topic) ? message.routingKey : topic);
          throw error;
        });
        exchange.refused.delete(message.routingKey);
        exchange.taken = Math.max(exchange.taken, body.length);
      };
      await inTurn(message, body.length, publish, lane).finally(() => {
        lane.users -= 1;
        if (lane.users === 0) lanes.delete(name);
      });
    },
    async close() {
      closed = true;
      await Promise.all([...channels].map((channel) => channel.close()));
    },
  };
}

/** The header frame. What does not fit into one would close the channel with all that is on it. */
function fitting(channel: Channel, { messageId, properties }: Outgoing, body: Buffer, place: string): Buffer {
  const { frame, limit } = framed(channel, properties, body);
  if (payloadSize(frame) <= limit) return frame;
  throw new RefusedError(
    `${place}: message ${messageId} is too large: its properties and headers are ${payloadSize(frame)} bytes, and the broker takes ${limit} in one frame (frame_max)`,
    { tooLarge: true },
  );
}

/** Unroutable messages come back before they are confirmed, and the library tells both in turns of their own. */
async function confirmed(
  { channel, returned }: ConfirmChannel,
  message: Outgoing,
  body: Buffer,
  frame: Buffer,
  place: string,
): Promise<void> {
  try {
    await publishFramed(channel, message, frame, body);
  } catch (error) {
    const failure = toClientError(error, place);
    if (!(failure instanceof RefusedError) || isOf(failure.message, message, body)) throw failure;
    // The library tells the oldest one on the channel why it was closed.
    throw new ConnectionError(`${place}: the channel was closed for another message: ${failure.message}`);
  }
  await nextTurn();
  if (takeOne(returned, identityOf(message))) throw new RefusedError(`${place}: no queue takes the message`);
}

/** Whether a refusal is of this message, as far as it says which one it is of. */
function isOf(refusal: string, { routingKey }: Outgoing, body: Buffer): boolean {
  const [, size] = /message size (\d+) /.exec(refusal) ?? [];
  return size === undefined ? routingKey.startsWith(topicIn(refusal) ?? routingKey) : Number(size) === body.length;
}

/** The routing key that a user may not publish by; the beginning of a long one, as RabbitMQ cuts its words at 255 bytes. */
const topicIn = (refusal: string): string | undefined =>
  /access to topic '(.*?)(?:' in exchange|\.{3}$)/s.exec(refusal)?.[1];

function refuse({ refused }: Exchange, routingKey: string): void {
  refused.add(routingKey);
  const [oldest] = refused;
  if (refused.size > MOST_REFUSED) refused.delete(oldest!);
}

async function openConfirmed(link: Link): Promise<ConfirmChannel> {
  const { channel, ended } = await link.open();
  const returned = new Map<string, number>();
  channel.on("basic.return", (message: ReturnedMessage) => {
    const identity = identityOf(message);
    returned.set(identity, (returned.get(identity) ?? 0) + 1);
  });
  try {
    await channel.confirmSelect();
  } catch (error) {
    throw toClientError(error, "rabbitmq");
  }
  return { channel, ended, returned };
}

export const identityOf = ({ messageId, routingKey }: { messageId?: string; routingKey?: string }): string =>
  JSON.stringify([messageId, routingKey]);

function takeOne(counts: Map<string, number>, identity: string): boolean {
  const count = counts.get(identity) ?? 0;
  if (count > 1) counts.set(identity, count - 1);
  else counts.delete(identity);
  return count > 0;
}
