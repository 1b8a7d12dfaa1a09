import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import type { RedisSubscription } from "../access.ts";
import { CLIENT_NAME } from "../deadLetters.ts";
import type { ConsumeOptions, Consumer, Delivery, Handler } from "../message.ts";
import { outcomeOf } from "../outcome.ts";
import { toContent } from "./entry.ts";
import { fetcher } from "./fetch.ts";
import { type Claimed, type Group, isMissing, makeGroup, pendingOf, stillAtWork } from "./group.ts";
import { handsOf } from "./hands.ts";
import { retrySchedule } from "./retrySchedule.ts";
import { refusalOf, type Server } from "./server.ts";
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
/** Waits before the server is asked again after an error, in milliseconds. */
const SHORTEST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 5_000;

/** That every delivery of a message ended without an answer, as its dead letter tells it. */
export class UnansweredError extends Error {
  override readonly name = "UnansweredError";
  override stack = "";
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
  const onError = quietly(options.onError);
  const trimming = trimmer(server, stream, onError);
  const fetch = fetcher({ of: reading, name, hands, schedule, crashTimeout, canariesOnly });
  const stopping = new AbortController();
  let patientUntil = Number.POSITIVE_INFINITY;
  const givenUp = () => Date.now() > patientUntil;
  const settling: Settling = {
    of,
    deadLetterStream: subscription.deadLetterStream,
    hands,
    schedule,
    onError,
    givenUp,
  };

  const handle = async (claimed: Claimed): Promise<void> => {
    const { id } = claimed.entry;
    hands.take(id, Date.now());
    try {
      const outcome = stopping.signal.aborted ? ({ kind: "giveBack" } as const) : await answer(args, claimed);
      if (await settle(settling, claimed, outcome)) trimming.acknowledged();
    } catch {
      // Told by then: the entry stays pending, and another consumer takes it after the crash timeout.
    } finally {
      hands.release(id);
    }
  };

  const run = async (): Promise<void> => {
    for (let pause = SHORTEST_WAIT_MS; !stopping.signal.aborted; ) {
      try {
        await hands.whenFree();
        for (const step of [fetch.orphans, fetch.crashed, fetch.retries, fetch.fresh]) {
          if (stopping.signal.aborted) return;
          for (const claimed of await step()) handle(claimed);
        }
        pause = SHORTEST_WAIT_MS;
      } catch (error) {
        onError(error as Error);
        if (isMissing(error)) await makeGroup(of).catch(onError);
        await wait(pause, undefined, { signal: stopping.signal }).catch(() => {});
        pause = Math.min(2 * pause, LONGEST_WAIT_MS);
      }
    }
  };

  await ready(reading);
  const heartbeat = setInterval(() => {
    const long = hands.since(Date.now() - crashTimeout / 3);
    if (long.length > 0) stillAtWork(of, name, long).catch(onError);
  }, crashTimeout / 3);
  const ended = run();
  let leaving: Promise<void> | undefined;

  const leave = async () => {
    patientUntil = Date.now() + STOP_PATIENCE_MS;
    stopping.abort();
    await ended;
    await hands.whenEmpty();
    clearInterval(heartbeat);
    await trimming.stop();
    await forget(reading, name).catch(onError);
    reader.close();
  };
  return { stop: () => (leaving ??= leave()) };
}

/** Tells errors; one that comes of telling ends nothing. */
const quietly =
  (tell: ConsumeOptions["onError"]) =>
  (error: Error): void => {
    try {
      tell?.(error);
    } catch {}
  };

/** What becomes of an entry. One that was delivered as often as it may be and never answered does not reach the handler again. */
function answer({ subscription, flow, handler, options }: ConsumerArgs, { entry, attempt }: Claimed) {
  const { group, maxAttempts } = subscription;
  const unanswered = attempt > maxAttempts;
  const delivery: Delivery = { ...toContent(entry), attempt: Math.min(attempt, maxAttempts), flow };
  const fail = () => {
    throw new UnansweredError(`none of ${maxAttempts} deliveries was answered: its consumers ended or stood still`);
  };
  const place = { consumer: group, position: `entry ${entry.id}` };
  return outcomeOf(delivery, unanswered ? fail : handler, subscription, place, options);
}

/** Waits for the server, and for the group where the app has to make it. */
async function ready(of: Group): Promise<void> {
  try {
    await of.server.ask(["XPENDING", of.stream, of.group]);
  } catch (error) {
    if (!isMissing(error)) throw error;
    await makeGroup(of).catch((refused) => {
      throw refusalOf(refused) === "NOPERM" ? error : refused;
    });
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
