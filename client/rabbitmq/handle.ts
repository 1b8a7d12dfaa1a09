import type { AsyncMessage, Channel } from "rabbitmq-client";
import type { RabbitmqSubscription } from "../access.ts";
import { HEADERS, type Headers } from "../headers.ts";
import type { ConsumeOptions, Delivery, Handler } from "../message.ts";
import { type Outcome, outcomeOf } from "../outcome.ts";
import { toClientError } from "./errors.ts";
import { persistently } from "./patience.ts";
import { identified, republished, toDelivery } from "./properties.ts";
import type { Publisher } from "./publisher.ts";
import { received } from "./rawBodies.ts";
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

/** Delivers one message and carries out what becomes of it. It never throws. */
export async function handle(
  parts: HandlingParts,
  channel: Channel,
  raw: AsyncMessage,
  stopping: AbortSignal,
): Promise<void> {
  const { subscription, handler, options, consumer } = parts;
  const message = identified(received(raw));
  const delivery = toDelivery(message, `rabbitmq/${subscription.queue}`);
  const rule = {
    maxAttempts: subscription.maxAttempts,
    delays: subscription.nativeDelays ?? subscription.retries?.map(({ delay }) => delay) ?? [],
  };
  const place = { consumer, position: `${message.exchange}/${message.routingKey}` };
  // Deliveries that nobody answered count: a message that ends its consumer would come again and again after a retry.
  const chosen = delivery.attempt > rule.maxAttempts ? unanswered : handler;
  const outcome = await outcomeOf(delivery, chosen, rule, place, options);
  try {
    const next = nextPlace(subscription, delivery, outcome);
    if (next === "again") return rejectToRetry(channel, message.deliveryTag);
    if (next === "held") return;
    if (next !== "done") {
      const { exchange, headers } = next;
      const { messageId } = message;
      const envelope = { ...republished(message, headers), exchange, routingKey: subscription.queue, messageId };
      const send = () => parts.publisher.send(envelope, message.body).then(() => true);
      const sent = await persistently(send, { onError: options.onError, stopping, needed: () => channel.active });
      if (!sent) return;
    }
    channel.basicAck({ deliveryTag: message.deliveryTag });
  } catch (error) {
    // The channel is gone, and the broker gives the message to the next consumer.
    options.onError?.(toClientError(error, delivery.flow));
  }
}

function unanswered({ attempt }: Delivery): never {
  throw Object.assign(new Error(`delivered ${attempt - 1} times, and its consumer ended without an answer`), {
    name: "UnansweredError",
  });
}

/** Where a delivery goes before it is acknowledged; `again`: its queue delays it itself; `held`: it stays unacknowledged to the end. */
export type NextPlace = "done" | "again" | "held" | { exchange: string; headers: Headers };

/**
 * What an outcome means here. A message that is not ours to handle goes through the shortest tier, as a new message of the same
 * attempt: given back, it would count as delivered.
 */
export function nextPlace(
  { retries = [], nativeDelays, deadLetterExchange }: RabbitmqSubscription,
  { key, headers, attempt }: Pick<Delivery, "key" | "headers" | "attempt">,
  outcome: Outcome,
): NextPlace {
  if (outcome.kind === "done") return "done";
  if (outcome.kind === "deadLetter") return { exchange: deadLetterExchange!, headers: outcome.headers };
  if (outcome.kind === "retry") {
    if (nativeDelays) return "again";
    return { exchange: retries.find(({ delay }) => delay === outcome.delay)!.place, headers: outcome.headers };
  }
  const [shortest] = retries.toSorted((a, b) => a.delay - b.delay);
  if (!shortest) return "held";
  const same = { ...headers, [HEADERS.attempt]: String(attempt), ...(key !== undefined && { [HEADERS.key]: key }) };
  return { exchange: shortest.place, headers: same };
}
