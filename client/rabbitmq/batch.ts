import { randomUUID } from "node:crypto";
import { setImmediate as nextTurn, setTimeout as wait } from "node:timers/promises";
import type { AsyncMessage, Channel, SyncMessage } from "rabbitmq-client";
import { CLIENT_NAME } from "../deadLetters.ts";
import { UntoldError } from "../message.ts";
import { toClientError } from "./errors.ts";
import type { Link } from "./link.ts";
import { type Received, received } from "./rawBodies.ts";

const LOOK_AGAIN_MS = 100;
/** What was taken from the ready ones may still be on its way: a busy broker needs this long, in milliseconds. */
const QUIET_MS = 2_000;

/** A leader that works answers at once. One that hangs lets basic.get wait for a minute, and then the broker ends the connection. */
const PATIENCE_MS = 5_000;

/** How many messages wait in a queue, without those that somebody has in hand; 0 also where a quorum queue's leader is silent. */
export const seemsReady = async (channel: Channel, queue: string): Promise<number> =>
  (await channel.queueDeclare({ queue, passive: true })).messageCount;

/**
 * The same, and 0 only where nothing waits: basic.get asks the leader. A message that came meanwhile is given back, which counts one
 * delivery more. Throws an UntoldError where the leader does not answer.
 */
export async function readyIn(channel: Channel, queue: string): Promise<number> {
  const ready = await seemsReady(channel, queue);
  if (ready > 0) return ready;
  const message = await next(channel, queue);
  if (!message) return 0;
  channel.basicNack({ deliveryTag: message.deliveryTag, requeue: true });
  return Math.max(1, await seemsReady(channel, queue));
}

/** The next message, in hand; undefined: there is none. Throws an UntoldError where the queue's leader does not answer. */
export async function next(channel: Channel, queue: string): Promise<SyncMessage | undefined> {
  const silent = wait(PATIENCE_MS, "silent" as const, { ref: false });
  const message = await Promise.race([channel.basicGet({ queue }), silent]);
  if (message !== "silent") return message;
  throw new UntoldError(
    `rabbitmq/${queue}: the queue's leader does not answer within ${PATIENCE_MS / 1000} s, so what it holds is not known: wait until it works again, or restart the node that leads it`,
  );
}

/**
 * Returns when the queue has every acknowledgement of the channel. A quorum queue's channel holds back those beyond 32 that are
 * underway, and drops them when it closes: their messages would be there again. basic.get goes the same way as they do and is
 * answered: the first time after those underway, the second time after those held back. Tells how many messages it took by that.
 */
export async function acknowledged(channel: Channel, queue: string): Promise<number> {
  const taken = [await next(channel, queue), await next(channel, queue)];
  return taken.filter((message) => message !== undefined).length;
}

/**
 * Gives back all that the channel has in hand, `count` messages, and returns when they are there again, after two seconds at the latest,
 * as others may take them: a channel that closes says nothing of that, and who counts next would miss some. `inOrder` gives back those
 * whose order matters, one by one: all at once come back in any order.
 */
export async function givenBack(channel: Channel, queue: string, count: number, inOrder = () => {}): Promise<void> {
  const ready = (await seemsReady(channel, queue)) + count;
  inOrder();
  channel.basicNack({ deliveryTag: 0, multiple: true, requeue: true });
  for (const end = Date.now() + QUIET_MS; (await seemsReady(channel, queue)) < ready && Date.now() < end; ) {
    await wait(LOOK_AGAIN_MS / 10);
  }
}

/** Gives these back one by one. */
export const nacking = (channel: Channel, deliveryTags: readonly number[]) => (): void => {
  for (const deliveryTag of deliveryTags) channel.basicNack({ deliveryTag, requeue: true });
};

/** The most messages given back before that are taken again, to keep their order. */
const MOST_TURNED = 1_000;

/**
 * Gives back the first messages of a queue after a look at them, as `givenBack` does, and keeps the order. A quorum queue puts what is
 * given back behind all that was given back before; so those are taken, too, and all come back one by one, the oldest first.
 */
export async function putBack(
  channel: Channel,
  queue: string,
  first: readonly { deliveryTag: number; redelivered: boolean }[],
  ready: number,
): Promise<void> {
  // Without the bodies, which may be large.
  const marks = (some: typeof first) => some.map(({ deliveryTag, redelivered }) => ({ deliveryTag, redelivered }));
  const all = marks(first);
  const most = Math.min(ready, first.length + MOST_TURNED);
  while (all.at(-1)?.redelivered && all.length < most) {
    const more = await takeBatch(channel, queue, Math.min(100, most - all.length));
    if (more.length === 0) break;
    all.push(...marks(more));
  }
  const tags = all.map(({ deliveryTag }) => deliveryTag);
  await givenBack(channel, queue, all.length, nacking(channel, tags));
}

/** Opens a channel for one use; what it has in hand afterwards is there again. */
export async function withChannel<T>(link: Link, name: string, use: (channel: Channel) => Promise<T>): Promise<T> {
  const { channel } = await link.open();
  try {
    return await use(channel);
  } catch (error) {
    throw toClientError(error, name);
  } finally {
    await channel.close();
  }
}

/**
 * Takes the next messages of a queue, `size` at most, and fewer only where no more are there. They are unacknowledged; a consumer of
 * its own for each batch bounds what comes to what was asked for, whatever the channel holds already. Throws a RefusedError where one
 * cannot be read: leaving it out would look as if it were not there.
 */
export async function takeBatch(channel: Channel, queue: string, size: number): Promise<Received[]> {
  const batch: AsyncMessage[] = [];
  const consumerTag = `${CLIENT_NAME}-operator/${randomUUID()}`;
  let full = () => {};
  const filled = new Promise<void>((resolve) => {
    full = resolve;
  });
  await channel.basicQos({ prefetchCount: size });
  await channel.basicConsume({ queue, consumerTag }, (message) => {
    batch.push(message);
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
  // Not as they come: what is thrown there ends the process.
  return batch.map(received);
}
