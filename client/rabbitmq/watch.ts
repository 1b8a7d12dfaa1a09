import type { Channel } from "rabbitmq-client";
import { readyIn } from "./batch.ts";
import { toClientError } from "./errors.ts";
import type { Link } from "./link.ts";
import { type Received, received } from "./rawBodies.ts";

/** Sees the dead letters of one queue as they come, without touching those that are there. */
export interface Watch {
  /** From now on. What came before is forgotten. */
  start(): Promise<void>;
  /** How many of those that are wanted came since and were not found yet. Not watching, nobody knows: `Infinity`. */
  arrived(wanted: (message: Received) => boolean): Promise<number>;
  /** How many came since, or since this was asked last. What is counted here, `arrived` does not see. */
  passed(): Promise<number>;
  /** That so many of them were found. */
  found(count: number): void;
  stop(): Promise<void>;
}

/**
 * A queue of the operator's own beside the dead-letter queue, which gets a copy of each dead letter and goes with the connection.
 * Without it, looking for new dead letters would take all old ones out and put them back.
 */
export function watchOf(link: Link, exchange: string, routingKey: string): Watch {
  let watching: { channel: Channel; queue: string } | undefined;
  let outstanding = 0;

  const stop = async () => {
    const ending = watching;
    watching = undefined;
    await ending?.channel.queueDelete({ queue: ending.queue }).catch(() => undefined);
    await ending?.channel.close();
  };

  return {
    stop,
    async start() {
      await stop();
      outstanding = 0;
      const { channel } = await link.open();
      try {
        const { queue } = await channel.queueDeclare({ exclusive: true, autoDelete: true });
        await channel.queueBind({ queue, exchange, routingKey });
        watching = { channel, queue };
      } catch (error) {
        await channel.close();
        throw toClientError(error, exchange);
      }
    },
    async arrived(wanted) {
      if (!watching?.channel.active) return Number.POSITIVE_INFINITY;
      const { channel, queue } = watching;
      for (let left = await readyIn(channel, queue); left > 0; left--) {
        const message = await channel.basicGet({ queue, noAck: true });
        if (message && wanted(received(message))) outstanding++;
      }
      return outstanding;
    },
    async passed() {
      const { channel, queue } = watching!;
      return (await channel.queuePurge({ queue })).messageCount;
    },
    found(count) {
      outstanding = Math.max(0, outstanding - count);
    },
  };
}
