import { randomUUID } from "node:crypto";
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import type { AsyncMessage, Channel } from "rabbitmq-client";
import { REACH_DELAYS_MS, withRetries } from "../connection.ts";
import { CLIENT_NAME } from "../deadLetters.ts";
import { insist } from "../insist.ts";
import { lifecycle } from "../lifecycle.ts";
import { ConnectionError, type Consumer } from "../message.ts";
import { troubleOf } from "../quietly.ts";
import { toClientError } from "./errors.ts";
import { type HandlingParts, handle } from "./handle.ts";
import type { Link, OpenChannel } from "./link.ts";
import { received } from "./rawBodies.ts";

/** What a consumer works with. */
export interface ConsumerParts extends HandlingParts {
  link: Link;
}

// Messages that are held for their real consumer must not use up the place of the canaries.
const HOLDING_PREFETCH = 1_000;
// A quorum queue's channel holds back acknowledgements beyond 32 that are underway, and drops them when it closes.
const SETTLING_MS = 100;

/**
 * Starts a consumer, and returns when the broker knows it. After that it comes back by itself, whatever happens to its channel, until
 * it is stopped or the broker refuses it.
 */
export async function startConsumer(parts: ConsumerParts): Promise<Consumer> {
  const { options, subscription } = parts;
  const { onError } = options;
  const inHand = new Set<Promise<void>>();
  const stop = new AbortController();
  const flow = `rabbitmq/${subscription.queue}`;
  const insistence = { flow, onError, stopping: stop.signal, refusals: new Map() };

  const handleAny = async (channel: Channel, message: AsyncMessage) => {
    try {
      await handle(parts, { insistence, fail }, channel, received(message));
    } catch (cause) {
      // It is this message's fault alone, which must end neither the process nor the consumer.
      if (channel.active) channel.basicNack({ deliveryTag: message.deliveryTag, requeue: false });
      const what = `${flow}: a message is rejected, and its queue makes it a dead letter`;
      onError?.(new Error(`${what}: ${(cause as Error).message}`, { cause }));
    }
  };
  const attach = () =>
    attached(parts, (channel, message) => {
      const handled = handleAny(channel, message).finally(() => inHand.delete(handled));
      inHand.add(handled);
    });
  const detach = async (attachment: Attached) => {
    await attachment.cancel();
    await Promise.all(inHand);
    attachment.giveBack();
    if (attachment.channel.active) await wait(SETTLING_MS);
    await attachment.channel.close();
  };
  const stayAttached = async () => {
    while (!stop.signal.aborted) {
      const reason = await current.ended;
      if (stop.signal.aborted) return;
      const trouble = troubleOf(onError);
      trouble.tell(reason);
      const next = await insist(insistence, [{ place: flow }], attach, () => !stop.signal.aborted);
      if (next) current = next;
      trouble.over();
    }
    await detach(current);
  };
  const { consumer, fail } = lifecycle(async () => {
    stop.abort();
    await detach(current);
    await running;
  }, onError);

  let current = await withRetries(REACH_DELAYS_MS, attach);
  const running = stayAttached().catch(fail);
  return consumer;
}

interface Attached extends OpenChannel {
  /** Asks for no more messages, and returns when those that were underway are here. */
  cancel(): Promise<void>;
  /** Gives back what was held. */
  giveBack(): void;
}

/** As many messages as are handled at once: none waits in the client, where a crash would count it as delivered. */
async function attached(
  { link, subscription, options }: ConsumerParts,
  take: (channel: Channel, message: AsyncMessage) => void,
): Promise<Attached> {
  const { channel, ended } = await link.open();
  const holds = options.canariesOnly !== undefined && !subscription.retries?.length;
  const wanted = options.concurrency ?? subscription.prefetch;
  const consumerTag = `${CLIENT_NAME}/${randomUUID()}`;
  let cancelled: Error | undefined;
  // What is in hand comes back to whoever consumes next.
  channel.on("basic.cancel", () => {
    cancelled = new ConnectionError(
      `rabbitmq/${subscription.queue}: the broker ended the consumer: the queue was deleted, or has another leader`,
    );
    void channel.close();
  });
  try {
    await channel.basicQos({ prefetchCount: holds ? Math.max(wanted, HOLDING_PREFETCH) : wanted });
    await channel.basicConsume({ queue: subscription.queue, consumerTag }, (message) => take(channel, message));
  } catch (error) {
    await channel.close();
    throw toClientError(error, `rabbitmq/${subscription.queue}`);
  }
  return {
    channel,
    ended: ended.then((reason) => cancelled ?? reason),
    async cancel() {
      await channel.basicCancel({ consumerTag }).catch(() => undefined);
      // The library hands over each message in a turn of its own.
      await nextTurn();
    },
    giveBack() {
      if (holds && channel.active) channel.basicNack({ deliveryTag: 0, multiple: true, requeue: true });
    },
  };
}
