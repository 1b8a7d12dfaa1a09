import type { Channel } from "rabbitmq-client";
import { contractsOf, type Headers } from "../headers.ts";
import { RefusedError } from "../message.ts";
import { goesOn, type Moved, type Moving, progress } from "../moving.ts";
import { sendFitting } from "../outcome.ts";
import { acknowledged, givenBack, nacking, readyIn, takeBatch } from "./batch.ts";
import { toClientError } from "./errors.ts";
import { type Link, type Login, linkTo } from "./link.ts";
import { identified, isKeptInPlace, keptHeaders, republished, textHeaders, toDelivery } from "./properties.ts";
import { type Outgoing, type Publisher, publisherOn } from "./publisher.ts";

/** A binding of the default kind, from an exchange to a queue. */
export interface BoundInlet {
  exchange: string;
  queue: string;
  routingKey: string;
  arguments?: Record<string, unknown>;
}

/** What is moved from one queue into another. */
export interface QueueMove {
  from: string;
  to: string;
  /** Whether they are work queues: a message keeps its key in a header, as in a retry. Dead letters stay as they are. */
  work: boolean;
}

type Taken = ReturnType<typeof identified>;

/** Confirmed together before they are acknowledged together: what a crash duplicates, at most. */
const BATCH = 500;

/**
 * Takes the bindings off and moves all messages, the oldest first; a message is acknowledged in the old queue when the new one has
 * confirmed it. What consumers of the old queue have in hand is theirs. Throws a ConnectionError where the broker does not answer;
 * it may be called again after any failure.
 */
export async function drainQueues(
  login: Login,
  inlets: readonly BoundInlet[],
  moves: readonly QueueMove[],
  moving: Moving,
): Promise<Moved> {
  const link = linkTo(login);
  const publisher = publisherOn(link);
  try {
    for (const inlet of inlets) await unbind(link, inlet);
    const results: Moved[] = [];
    for (const move of moves) results.push(await drained(link, publisher, move, moving));
    return {
      messages: results.reduce((sum, { messages }) => sum + messages, 0),
      left: results.flatMap(({ left }) => left),
    };
  } finally {
    await publisher.close();
    await link.close();
  }
}

/** One that is not there any more is no error; neither is an exchange or a queue. */
async function unbind(link: Link, { exchange, queue, routingKey, arguments: headers }: BoundInlet): Promise<void> {
  const { channel } = await link.open();
  try {
    await channel.queueUnbind({ exchange, queue, routingKey, ...(headers && { arguments: headers }) });
  } catch (error) {
    const failure = toClientError(error, `rabbitmq/${queue}`);
    if (!(failure instanceof RefusedError) || (error as { code?: string }).code !== "NOT_FOUND") throw failure;
  } finally {
    await channel.close();
  }
}

async function drained(link: Link, publisher: Publisher, move: QueueMove, moving: Moving): Promise<Moved> {
  const { from, to } = move;
  const { channel } = await link.open();
  const told = progress(moving, (count) => `rabbitmq/${from}: ${count} messages moved into ${to} so far`);
  const left: string[] = [];
  const tooLarge: RefusedError[] = [];
  let messages = 0;
  const inHand: number[] = [];
  try {
    while (goesOn(moving) && left.length === 0) {
      const ready = await readyIn(channel, from);
      if (ready === 0) break;
      const batch = (await takeBatch(channel, from, Math.min(BATCH, ready))).map(identified);
      const refused = await passedOn(channel, publisher, batch, move);
      messages += batch.length - refused.length;
      inHand.push(...refused.map(({ deliveryTag }) => deliveryTag));
      const refusals = refused.map(({ error }) => error);
      const [refusal] = refusals.filter((error) => !error.tooLarge);
      if (refusal) left.push(`rabbitmq/${from}: ${to} takes no more: ${refusal.message}`);
      // They stay in hand, and the rest goes on.
      tooLarge.push(...refusals.filter((error) => error.tooLarge));
      told(messages);
    }
    const newer = await acknowledged(channel, from);
    await givenBack(channel, from, inHand.length + newer, nacking(channel, inHand));
    const [first] = tooLarge;
    if (first)
      left.push(`rabbitmq/${from}: ${tooLarge.length} of its messages are too large to be moved: ${first.message}`);
    left.push(...(await whatHolds(channel, from)));
  } catch (error) {
    throw toClientError(error, `rabbitmq/${from}`);
  } finally {
    // What was not acknowledged is there again.
    await channel.close();
  }
  return { messages, left };
}

async function whatHolds(channel: Channel, queue: string): Promise<string[]> {
  const messageCount = await readyIn(channel, queue);
  const { consumerCount } = await channel.queueDeclare({ queue, passive: true });
  return [
    ...(messageCount > 0 ? [`rabbitmq/${queue} still holds ${messageCount} messages`] : []),
    ...(consumerCount > 0 ? [`rabbitmq/${queue} still has ${consumerCount} consumers`] : []),
  ];
}

/** Publishes a batch, and acknowledges what was confirmed; returns what was refused, which stays in hand. */
async function passedOn(
  channel: Channel,
  publisher: Publisher,
  batch: readonly Taken[],
  move: QueueMove,
): Promise<{ deliveryTag: number; error: RefusedError }[]> {
  const sent = await Promise.allSettled(
    batch.map((message) =>
      sendFitting({ headers: addedTo(message, move), isEnd: true }, undefined, (headers) =>
        publisher.send(moved(message, move, headers), message.body),
      ),
    ),
  );
  const failed = batch.flatMap(({ deliveryTag }, at) => {
    const one = sent[at]!;
    if (one.status === "rejected") return [{ deliveryTag, error: one.reason as Error }];
    channel.basicAck({ deliveryTag });
    return [];
  });
  const broken = failed.find(({ error }) => !(error instanceof RefusedError));
  if (broken) throw broken.error;
  return failed as { deliveryTag: number; error: RefusedError }[];
}

/**
 * The contract's headers that a message has in the new queue. Deliveries that the broker counted are not added up: those of a move that
 * was interrupted are among them. A dead letter keeps all headers as they are.
 */
export function addedTo(message: Taken, { from, work }: QueueMove): Headers {
  if (!work) return {};
  const { key } = toDelivery(message, `rabbitmq/${from}`);
  return { ...contractsOf(textHeaders(message.headers)), ...keptHeaders({ headers: message.headers }, key) };
}

/** The message as it is published into the new queue. */
export function moved(message: Taken, { to, work }: QueueMove, headers: Headers): Outgoing {
  const properties = new Map(work ? republished(message, headers) : republished(message, headers, isKeptInPlace));
  const expiration = message.properties.get("expiration");
  if (work && expiration) properties.set("expiration", expiration);
  return { exchange: "", routingKey: to, messageId: message.messageId, properties };
}
