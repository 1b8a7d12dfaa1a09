import { randomUUID } from "node:crypto";
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import type { Channel } from "rabbitmq-client";
import { CLIENT_NAME } from "../deadLetters.ts";
import { type Received, received } from "./rawBodies.ts";

const LOOK_AGAIN_MS = 100;
/** What was taken from the ready ones may still be on its way: a busy broker needs this long, in milliseconds. */
const QUIET_MS = 2_000;

/** How many messages wait in a queue: exact, and without those that somebody has in hand. */
export const readyIn = async (channel: Channel, queue: string): Promise<number> =>
  (await channel.queueDeclare({ queue, passive: true })).messageCount;

/**
 * Returns when the queue has every acknowledgement of the channel. A quorum queue's channel holds back those beyond 32 that are
 * underway, and drops them when it closes: their messages would be there again. basic.get goes the same way as they do and is
 * answered: the first time after those underway, the second time after those held back. What it takes comes back with the channel.
 */
export async function acknowledged(channel: Channel, queue: string): Promise<void> {
  await channel.basicGet({ queue });
  await channel.basicGet({ queue });
}

/**
 * Gives back all that the channel has in hand, and returns when it is there again: a channel that closes says nothing of that, and
 * who counts next would miss some. `ready` is how many waited before; where others take them meanwhile, it waits two seconds.
 */
export async function givenBack(channel: Channel, queue: string, ready: number): Promise<void> {
  channel.basicNack({ deliveryTag: 0, multiple: true, requeue: true });
  for (const end = Date.now() + QUIET_MS; (await readyIn(channel, queue)) < ready && Date.now() < end; ) {
    await wait(LOOK_AGAIN_MS / 10);
  }
}

/**
 * Takes the next messages of a queue, `size` at most, and fewer only where no more are there. They are unacknowledged; a consumer of
 * its own for each batch bounds what comes to what was asked for, whatever the channel holds already.
 */
export async function takeBatch(channel: Channel, queue: string, size: number): Promise<Received[]> {
  const batch: Received[] = [];
  const consumerTag = `${CLIENT_NAME}-operator/${randomUUID()}`;
  let full = () => {};
  const filled = new Promise<void>((resolve) => {
    full = resolve;
  });
  await channel.basicQos({ prefetchCount: size });
  await channel.basicConsume({ queue, consumerTag }, (message) => {
    batch.push(received(message));
    if (batch.length === size) full();
  });
  for (let before = -1, quietSince = 0; batch.length < size; ) {
    await Promise.race([filled, wait(LOOK_AGAIN_MS)]);
    if (batch.length !== before) {
      before = batch.length;
      quietSince = Date.now();
    } else if (Date.now() - quietSince > QUIET_MS && (await readyIn(channel, queue)) === 0) break;
  }
  await channel.basicCancel({ consumerTag });
  await nextTurn();
  return batch;
}
