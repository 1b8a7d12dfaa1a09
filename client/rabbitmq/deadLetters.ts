import type { Channel } from "rabbitmq-client";
import { type Count, type DeadLetter, type DeadLetters, fateAfter, SettleError, type Verdict } from "../deadLetters.ts";
import { canaryOf } from "../headers.ts";
import { AccessError, isTooLarge } from "../message.ts";
import type { RabbitmqDeadLetters } from "../operator.ts";
import { sendFitting } from "../outcome.ts";
import { acknowledged, givenBack, nacking, next, putBack, readyIn, takeBatch, withChannel } from "./batch.ts";
import { toDeadLetter } from "./ended.ts";
import { toClientError } from "./errors.ts";
import { type Keeping, keeping } from "./keeping.ts";
import type { Link } from "./link.ts";
import { waitForOthers } from "./others.ts";
import { identified, keptHeaders, republished, textHeaders } from "./properties.ts";
import type { Publisher } from "./publisher.ts";
import { received } from "./rawBodies.ts";
import { type Watch, watchOf } from "./watch.ts";

/** What the dead letters of an environment's queues are reached by. */
export interface DeadLetterParts {
  link: Link;
  publisher: Publisher;
  /** The exchange through which all of them come. */
  deadLetterExchange: string;
  /** The queues that a dead letter may be put back into. */
  targets: readonly string[];
  /** How many messages of a queue anybody has in hand, as the broker said some seconds ago. */
  unacknowledged: (queue: string) => Promise<number>;
  /** Milliseconds after which a take gives back what it keeps, and takes it again. Default: ten minutes. */
  hold?: number;
  /** Milliseconds for which a take waits for what others have in hand. Default: ten seconds. */
  patience?: number;
}

type Taken = ReturnType<typeof identified>;

/** What was taken and is not settled yet, and what was taken before and is to stay. */
interface Batch {
  channel: Channel;
  messages: Taken[];
  kept: Keeping;
  /** Once it was counted: how many there are, and what tells of those that come in. */
  counted?: { messages: number; watch: Watch };
}

const SCAN_SIZE = 1_000;
/** How long what is to stay is held, in milliseconds: a broker closes a channel that holds a message for 30 minutes (`consumer_timeout`). */
const HOLD_MS = 600_000;

/** The dead letters of one queue. */
export function deadLettersOf(place: RabbitmqDeadLetters, parts: DeadLetterParts): DeadLetters {
  const { flow, queue, deadLetterQueue: name } = place;
  const newWatch = () => watchOf(parts.link, parts.deadLetterExchange, queue);
  const watch = newWatch();
  const onChannel = <T>(use: (channel: Channel) => Promise<T>): Promise<T> => withChannel(parts.link, name, use);
  const shown = (message: Taken): DeadLetter => toDeadLetter(message, queue);
  let batch: Batch | undefined;
  let missed = 0;

  /** What waits in the queue changes also by what others take and give back: only what comes in by the exchange is new. */
  const countTaking = async (taking: Batch): Promise<Count> => {
    if (!taking.counted) {
      const coming = newWatch();
      await coming.start();
      const inHand = taking.messages.length + taking.kept.held;
      taking.counted = { messages: inHand + (await readyIn(taking.channel, name)), watch: coming };
    }
    taking.counted.messages += await taking.counted.watch.passed();
    return { messages: taking.counted.messages };
  };

  return {
    flow,
    name,
    target: queue,
    peekNote:
      "RabbitMQ gives messages out to show them: each one shown is marked as redelivered and counts one delivery more, and stays where it is.",

    count: async () => {
      if (batch) return countTaking(batch).catch((error) => Promise.reject(toClientError(error, name)));
      return onChannel(async (channel): Promise<Count> => {
        const messages = await readyIn(channel, name);
        const head = messages > 0 ? await next(channel, name) : undefined;
        if (head) await putBack(channel, name, [head], messages);
        const oldest = head && shown(identified(received(head))).at;
        return { messages, ...(oldest && { oldest }) };
      });
    },
    missed: () => missed,

    peek: (limit) =>
      onChannel(async (channel) => {
        const ready = await readyIn(channel, name);
        const messages = ready > 0 ? await takeBatch(channel, name, Math.min(limit, ready)) : [];
        await putBack(channel, name, messages, ready);
        return messages.map((message) => shown(identified(message)));
      }),

    async *take(size) {
      const { channel } = await parts.link.open();
      const kept = keeping(parts.hold ?? HOLD_MS);
      const taking: Batch = { channel, messages: [], kept };
      batch = taking;
      missed = 0;
      try {
        // Where the figures cannot be had, others are noticed by what is not there to take.
        let inHand = await parts.unacknowledged(name).catch(() => 0);
        let justNow = false;
        const figure = async () => (await parts.unacknowledged(name)) - kept.held;
        let gotOn = true;
        for (let left = await readyIn(channel, name); ; ) {
          if (left <= 0) {
            if (inHand === 0) break;
            const { patience } = parts;
            const others = await waitForOthers({ channel, queue: name, figure, inHand, justNow, patience });
            missed = others.kept;
            if (others.back === 0) break;
            left = others.back;
            inHand -= left;
          }
          // Not again before it got on: taking all of them again may itself take long.
          if (gotOn) left += kept.renew(channel);
          gotOn = kept.expected === 0;
          const most = Math.max(size, Math.min(SCAN_SIZE, kept.expected));
          const messages = (await takeBatch(channel, name, Math.min(most, left))).map(identified);
          left -= messages.length;
          if (messages.length === 0) {
            // Others took what was there a moment ago.
            justNow = true;
            inHand += left;
            left = 0;
          }
          taking.messages = messages.filter((message) => !kept.isBack(message));
          // More than `size` where others came than were given back.
          for (let fresh = taking.messages.length; fresh > 0; fresh -= size) {
            yield taking.messages.slice(0, size).map(shown);
          }
        }
      } catch (error) {
        throw toClientError(error, name);
      } finally {
        for (const message of taking.messages) kept.keep(message);
        if (kept.held > 0 && channel.active) {
          const newer = await acknowledged(channel, name);
          await givenBack(channel, name, kept.held + newer, () => kept.giveBack(channel));
        }
        batch = undefined;
        await taking.counted?.watch.stop().catch(() => {});
        await channel.close();
      }
    },

    async settle(verdicts) {
      if (!batch) throw new Error(`${name}: no batch was taken`);
      const { channel, kept, counted } = batch;
      const messages = batch.messages.splice(0, verdicts.length);
      const settled = await Promise.allSettled(
        messages.map((message, at) => carryOut(parts, queue, message, verdicts[at]!)),
      );
      const failures = settled.map((one) => (one.status === "rejected" ? toClientError(one.reason, name) : undefined));
      const isGone = (_: Taken, at: number) => failures[at] === undefined && verdicts[at]!.kind !== "keep";
      const gone = messages.filter(isGone);
      for (const message of messages.filter((one, at) => !isGone(one, at))) kept.keep(message);
      if (kept.held > 0) for (const { deliveryTag } of gone) channel.basicAck({ deliveryTag });
      else if (gone.length > 0) channel.basicAck({ deliveryTag: gone.at(-1)!.deliveryTag, multiple: true });
      if (counted) counted.messages -= gone.length;
      const fatal = failures.find((failure) => failure !== undefined && !isTooLarge(failure));
      if (fatal)
        throw new SettleError(
          fatal,
          failures.map((failure) => (failure ? fateAfter(failure) : "done")),
        );
      return failures.flatMap((failure, at) =>
        failure ? [{ id: messages[at]!.messageId, reason: failure.message, tooLarge: true as const }] : [],
      );
    },

    mark: () => watch.start(),

    async collect(run) {
      const isOurs = ({ headers }: Pick<Taken, "headers">) => canaryOf(textHeaders(headers))?.run === run;
      const expected = await watch.arrived(isOurs);
      if (expected === 0) return [];
      const found = await onChannel((channel) => removeFrom(channel, name, expected, isOurs));
      watch.found(found.length);
      return found.map(shown);
    },

    close: () => watch.stop(),
  };
}

/** Returns when a message that is redriven is confirmed in its queue: only then may it be acknowledged here. */
async function carryOut(
  { publisher, targets }: DeadLetterParts,
  queue: string,
  message: Taken,
  verdict: Verdict,
): Promise<void> {
  if (verdict.kind !== "redrive") return;
  const routingKey = targetOf(queue, targets, verdict.to);
  const { key } = toDeadLetter(message, queue);
  const headers = { ...verdict.headers, ...keptHeaders(message, key) };
  const place = { exchange: "", routingKey, messageId: message.messageId };
  await sendFitting({ headers, isEnd: false }, undefined, (fitting) =>
    publisher.send({ ...place, properties: republished(message, fitting) }, message.body),
  );
}

function targetOf(queue: string, targets: readonly string[], to: string | undefined): string {
  if (to === undefined) return queue;
  const target = to.replace(/^rabbitmq\//, "");
  if (targets.includes(target)) return target;
  throw new AccessError(`to: must be a queue of the skill (${targets.join(", ")}), got ${target}`);
}

/** Goes through the dead letters and removes those that are wanted, `expected` at most; gives back the others one by one, the oldest first. */
async function removeFrom(
  channel: Channel,
  name: string,
  expected: number,
  wanted: (message: Taken) => boolean,
): Promise<Taken[]> {
  const found: Taken[] = [];
  const others: number[] = [];
  for (let left = await readyIn(channel, name); left > 0 && found.length < expected; ) {
    const messages = (await takeBatch(channel, name, Math.min(SCAN_SIZE, left))).map(identified);
    if (messages.length === 0) break;
    left -= messages.length;
    for (const message of messages) {
      const { deliveryTag } = message;
      if (!wanted(message)) others.push(deliveryTag);
      else {
        channel.basicAck({ deliveryTag });
        found.push(message);
      }
    }
  }
  const newer = await acknowledged(channel, name);
  await givenBack(channel, name, others.length + newer, nacking(channel, others));
  return found;
}
