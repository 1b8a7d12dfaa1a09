import type { Channel } from "rabbitmq-client";
import { LOST_DELIVERIES } from "../../skill/deliveries.ts";
import type { RabbitmqSubscription } from "../access.ts";
import { attemptOf, contractsOf, HEADERS, type Headers } from "../headers.ts";
import { type Insistence, insist } from "../insist.ts";
import {
  type ConsumeOptions,
  type Delivery,
  type Handler,
  isTooLarge,
  OutdatedAccessError,
  RefusedError,
} from "../message.ts";
import { type Outcome, outcomeOf, sendFitting, type Target, targetsOf } from "../outcome.ts";
import { toClientError } from "./errors.ts";
import { identified, keptHeaders, republished, textHeaders, toDelivery, unansweredOf } from "./properties.ts";
import type { Publisher } from "./publisher.ts";
import type { Received } from "./rawBodies.ts";
import { rejectToRetry } from "./reject.ts";

/** What a delivery is handled with. */
export interface HandlingParts {
  publisher: Publisher;
  /** The app. */
  consumer: string;
  subscription: RabbitmqSubscription;
  handler: Handler;
  options: ConsumeOptions;
}

/** How one consumer carries out what becomes of its messages. */
export interface Carrying {
  insistence: Insistence;
  /** Ends the consumer. */
  fail(error: Error): void;
}

/** Delivers one message and carries out what becomes of it. It never throws. */
export async function handle(
  parts: HandlingParts,
  { insistence, fail }: Carrying,
  channel: Channel,
  raw: Received,
): Promise<void> {
  const { subscription, handler, options, consumer } = parts;
  const message = identified(raw);
  const rule = {
    maxAttempts: subscription.maxAttempts,
    delays: subscription.nativeDelays ?? subscription.retries?.map(({ delay }) => delay) ?? [],
  };
  const place = { consumer, position: `${message.exchange}/${message.routingKey}`, isShared: false };
  const unanswered = unansweredOf(message.headers);
  const { attempt, isGivenUp } = attemptAt(subscription, attemptOf(textHeaders(message.headers)), unanswered);
  const delivery = { ...toDelivery(message, `rabbitmq/${subscription.queue}`), attempt };
  const chosen = isGivenUp ? () => giveUp(unanswered) : handler;
  const outcome = await outcomeOf(delivery, chosen, rule, place, options);
  const next = nextPlaces(subscription, { ...delivery, kept: keptHeaders(message, delivery.key) }, outcome);
  try {
    if (next === "again") return rejectToRetry(channel, message.deliveryTag);
    if (next === "held") return;
    if (next !== "done") {
      const own = { routingKey: subscription.queue, messageId: message.messageId };
      const send = (target: Target, refusal?: string) =>
        sendFitting(target, refusal, async (headers) => {
          const outgoing = { ...own, exchange: target.place, properties: republished(message, headers) };
          await parts.publisher.send(outgoing, message.body);
          return true;
        });
      if (!(await insist(insistence, next, send, () => channel.active))) return;
    }
    channel.basicAck({ deliveryTag: message.deliveryTag });
  } catch (error) {
    if (error instanceof OutdatedAccessError) return fail(error);
    if (isTooLarge(error) && outcome.kind !== "giveBack" && channel.active) {
      options.onError?.(leftToBroker(delivery, error));
      return channel.basicNack({ deliveryTag: message.deliveryTag, requeue: false });
    }
    // The channel is gone, and the broker gives the message to the next consumer.
    options.onError?.(toClientError(error, delivery.flow));
  }
}

/** Only the queue's own dead-lettering does not send the message through a client, whose frames have no room for it. */
const leftToBroker = ({ flow, id }: Delivery, cause: RefusedError): RefusedError =>
  new RefusedError(
    `${flow}: message ${id} cannot be published again, so it is rejected, and its queue makes it a dead letter without a word of its failure: ${cause.message}`,
    { cause, tooLarge: true },
  );

/**
 * Which attempt a delivery is. What came back unanswered is none, as its handler may never have had it: a node that failed took the
 * channel with it. But a message that ends its consumer would come again and again, so after many it is given up. Where the queue
 * itself delays what is rejected, what was rejected and what was lost are one count.
 */
export function attemptAt(
  { maxAttempts, nativeDelays }: Pick<RabbitmqSubscription, "maxAttempts" | "nativeDelays">,
  told: number,
  unanswered: number,
): { attempt: number; isGivenUp: boolean } {
  if (unanswered >= maxAttempts + LOST_DELIVERIES) return { attempt: maxAttempts, isGivenUp: true };
  return { attempt: nativeDelays ? Math.min(told + unanswered, maxAttempts) : told, isGivenUp: false };
}

function giveUp(unanswered: number): never {
  throw Object.assign(new Error(`delivered ${unanswered} times, and its consumer ended without an answer`), {
    name: "UnansweredError",
  });
}

/**
 * Where a delivery goes before it is acknowledged: the first of these places that takes it. `again`: its queue delays it itself;
 * `held`: it stays unacknowledged to the end.
 */
export type NextPlaces = "done" | "again" | "held" | Target[];

/**
 * What an outcome means here. A message that is not ours to handle goes through a tier, the shortest first, as a new message of the
 * same attempt: given back, it would count as delivered.
 */
export function nextPlaces(
  { retries = [], nativeDelays, deadLetterExchange }: RabbitmqSubscription,
  { headers, attempt, kept }: Pick<Delivery, "headers" | "attempt"> & { kept: Headers },
  outcome: Outcome,
): NextPlaces {
  if (outcome.kind === "done") return "done";
  if (outcome.kind === "retry" && nativeDelays) return "again";
  if (outcome.kind !== "giveBack") {
    const all = { ...outcome, headers: { ...outcome.headers, ...kept } };
    return targetsOf(all, attempt, retries, deadLetterExchange!);
  }
  const tiers = retries.toSorted((a, b) => a.delay - b.delay);
  if (tiers.length === 0) return "held";
  const same = { ...contractsOf(headers), [HEADERS.attempt]: String(attempt), ...kept };
  return tiers.map(({ place }) => ({ place, headers: same, isEnd: false }));
}
