import { randomUUID } from "node:crypto";
import type { RedisSubscription } from "../access.ts";
import { CLIENT_NAME } from "../deadLetters.ts";
import { insist, type Refusals } from "../insist.ts";
import { lifecycle } from "../lifecycle.ts";
import type { ConsumeOptions, Consumer, Delivery, Handler } from "../message.ts";
import { outcomeOf } from "../outcome.ts";
import { troubleOf } from "../quietly.ts";
import { pause } from "../waiting.ts";
import { toContent } from "./entry.ts";
import { fetcher } from "./fetch.ts";
import { type Claimed, type Group, isMissing, makeGroup, pendingOf, stillAtWork } from "./group.ts";
import { handsOf } from "./hands.ts";
import { retrySchedule } from "./retrySchedule.ts";
import type { Server } from "./server.ts";
import { type Settling, settle } from "./settle.ts";
import { trimmer } from "./trimmer.ts";

export interface ConsumerArgs {
  /** For everything that does not wait. */
  server: Server;
  /** For reading; the consumer closes it. */
  reader: Server;
  stream: string;
  subscription: RedisSubscription;
  /** `redis/<instance>/<stream>/<group>` */
  flow: string;
  handler: Handler;
  options: ConsumeOptions;
  /** Milliseconds after which an entry that its consumer did not touch is taken from it. */
  crashTimeout: number;
}

const CONCURRENCY = 10;
/** How long a consumer that stops waits for a server that does not take its answers, in milliseconds. */
const STOP_PATIENCE_MS = 10_000;

/** That every delivery of a message ended without an answer, as its dead letter tells it. */
export class UnansweredError extends Error {
  override readonly name = "UnansweredError";
  override stack = "";
}

/** A consumer group was deleted while it was consumed from, and is there again. */
export class GroupLostError extends Error {
  override readonly name = "GroupLostError";

  constructor({ server, stream, group }: Group) {
    const what = `${server.name}: stream ${stream} or its consumer group ${group} was deleted`;
    super(
      `${what}. It is created again: everything that is still in the stream is delivered, some of it for the second time; what was deleted with the stream is lost`,
    );
  }
}

/** Starts a consumer of a group; returns when it has reached the server. Throws what the server answers where that is no. */
export async function startConsumer(args: ConsumerArgs): Promise<Consumer> {
  const { subscription, stream, options, crashTimeout, reader, server } = args;
  const name = `${CLIENT_NAME}/${randomUUID()}`;
  const of: Group = { server, stream, group: subscription.group };
  const reading: Group = { ...of, server: reader };
  const hands = handsOf(options.concurrency ?? CONCURRENCY);
  const canariesOnly = options.canariesOnly !== undefined;
  const schedule = retrySchedule([...(canariesOnly ? [] : [0]), ...subscription.delays]);
  const { onError = () => {} } = options;
  const fetch = fetcher({ of: reading, name, hands, schedule, crashTimeout, canariesOnly, tellRemoved: onError });
  const stopping = new AbortController();
  // What is in hand is told for a while after the consumer was stopped.
  const givenUp = new AbortController();
  const refusals: Refusals = new Map();
  const insistence = { flow: args.flow, onError, stopping: givenUp.signal, refusals };
  const settling: Settling = { of, deadLetterStream: subscription.deadLetterStream, hands, schedule, insistence };

  const handle = async (claimed: Claimed): Promise<void> => {
    const { id } = claimed.entry;
    hands.take(id, Date.now());
    try {
      const outcome = stopping.signal.aborted ? ({ kind: "giveBack" } as const) : await answer(args, claimed);
      if (await settle(settling, claimed, outcome)) trimming.acknowledged();
    } catch (error) {
      // The entry stays pending, and another consumer takes it: at once where that is permitted, else after the crash timeout.
      fail(error as Error);
      await settle(settling, claimed, { kind: "giveBack" }).catch(() => {});
    } finally {
      hands.release(id);
    }
  };

  const round = async (): Promise<void> => {
    await hands.whenFree();
    for (const step of [fetch.orphans, fetch.crashed, fetch.retries, fetch.fresh]) {
      if (stopping.signal.aborted) return;
      for (const claimed of await step()) handle(claimed);
    }
  };
  const look = () =>
    round().catch(async (error) => {
      if (!isMissing(error)) throw error;
      await makeGroup(of);
      // It is there again: a second loss is told, too.
      const loss = troubleOf(onError);
      loss.tell(new GroupLostError(of));
      loss.over();
    });
  const run = async (): Promise<void> => {
    const fetching = { ...insistence, stopping: stopping.signal };
    while (!stopping.signal.aborted) await insist(fetching, [{ place: stream }], look);
  };

  await ready(reading);
  const trimming = await trimmer(server, stream, onError);
  const heartbeat = setInterval(() => {
    const long = hands.since(Date.now() - crashTimeout / 3);
    if (long.length > 0) stillAtWork(of, name, long).catch(onError);
  }, crashTimeout / 3);

  const { consumer, fail } = lifecycle(async () => {
    stopping.abort();
    const left = new AbortController();
    pause(STOP_PATIENCE_MS, left.signal).then(() => givenUp.abort());
    await running;
    await hands.whenEmpty();
    left.abort();
    clearInterval(heartbeat);
    await trimming.stop();
    await forget(reading, name).catch((error) => {
      if (!isMissing(error)) onError(error);
    });
    reader.close();
  }, onError);
  const running = run().catch(fail);
  return consumer;
}

/** What becomes of an entry. One that was delivered as often as it may be and never answered does not reach the handler again. */
function answer({ subscription, flow, handler, options }: ConsumerArgs, { entry, attempt }: Claimed) {
  const { group, maxAttempts } = subscription;
  const unanswered = attempt > maxAttempts;
  const delivery: Delivery = { ...toContent(entry), attempt: Math.min(attempt, maxAttempts), flow };
  const fail = () => {
    throw new UnansweredError(`none of ${maxAttempts} deliveries was answered: its consumers ended or stood still`);
  };
  const place = { consumer: group, position: `entry ${entry.id}`, isShared: true };
  return outcomeOf(delivery, unanswered ? fail : handler, subscription, place, options);
}

/** Waits for the server, and for the group where the app has to make it. */
async function ready(of: Group): Promise<void> {
  try {
    await of.server.ask(["XPENDING", of.stream, of.group]);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await makeGroup(of);
  }
}

/**
 * Removes the consumer's name. Not where its connection was lost: the server may still deliver what was asked for over it, and that
 * would go with the name.
 */
async function forget(of: Group, name: string): Promise<void> {
  if (of.server.losses() > 0) return;
  const pending = await pendingOf(of, name, 1);
  if (pending.length === 0 && of.server.losses() === 0) {
    await of.server.send(["XGROUP", "DELCONSUMER", of.stream, of.group, name]);
  }
}
