import { z } from "zod";
import { appList, duration, map, named, oneOf, text, wholeNumber } from "./fields.ts";
import { mapValues } from "./mapValues.ts";
import { headerNameRules, type NameTable, rabbitmqNameRules, routingKeyRules } from "./nameRules.ts";
import { type Replace, replaceSchema, takeOver } from "./replace.ts";
import { overridden, type Retry, retryOverrideSchema } from "./retry.ts";

// RabbitMQ's own upper bound of a message TTL (rabbit_misc.erl, check_expiry): ten years.
const longestRetention = "3650d";
const deadLetterRetention = "14d";

const header = z.union([z.string(), z.number(), z.boolean()], "be a string, a number or true or false");

const bindingSchema = map({
  exchange: z.string("be the name of an exchange").describe("Exchange of this skill that the queue is bound to."),
  routingKey: text("a routing key", routingKeyRules)
    .default("")
    .describe(
      "Routing key of the binding; required for direct and topic exchanges; on a topic exchange * stands for one word and # for any.",
    ),
  arguments: named(header).optional().describe("Headers that a message must have; for headers exchanges only."),
}).describe("One binding of the queue to an exchange.");

const durable = { durable: "not be set: everything here is durable" };

const exchangeSchema = map(
  {
    type: oneOf("direct", "fanout", "topic", "headers").describe("How the exchange routes. Always durable."),
  },
  durable,
).describe("A durable exchange.");

const consumerSchema = map(
  {
    // AMQP 0-9-1 sends the count as 16 bits; 0 would be no limit at all.
    prefetch: wholeNumber(1, 65_535)
      .default(10)
      .describe("Unacknowledged messages at a time, 1 to 65535. Default: 10."),
    retry: retryOverrideSchema.optional().describe("What this consumer changes of the queue's retry."),
  },
  {
    ack: "not be set: consumers acknowledge by hand, always",
    autoAck: "not be set: consumers acknowledge by hand, always",
  },
).describe("An app that consumes the queue, always with manual acknowledgement.");

const queueSchema = map(
  {
    type: oneOf("quorum", "classic", "stream")
      .default("quorum")
      .describe("Kind of the queue; always durable. Default: quorum."),
    producers: appList().default([]).describe("Apps that publish to the queue. Default: none."),
    consumers: named(consumerSchema).default({}).describe("Apps that consume the queue. Default: none."),
    bindings: z
      .array(bindingSchema, "be a list of bindings")
      .default([])
      .describe("Where the queue's messages come from. Default: a shared exchange of the vhost, by the queue's name."),
    retry: retryOverrideSchema.optional().describe("What this queue changes of the skill's retry."),
    deadLetter: map({
      retention: duration("1s", longestRetention, { forever: true })
        .default(deadLetterRetention)
        .describe(`How long a dead letter is kept: 1s to 3650d, or forever. Default: ${deadLetterRetention}.`),
    })
      .optional()
      .describe("The dead-letter queue, <queue>.dlq. Every queue but a stream has one."),
    maxLength: wholeNumber(1, Number.MAX_SAFE_INTEGER)
      .optional()
      .describe(
        "Most messages in the queue; when full, publishing is refused and nothing is dropped. Default: no limit.",
      ),
    retention: duration("1s", longestRetention, { wholeSeconds: true })
      .optional()
      .describe("How long a stream keeps its messages, 1s to 3650d; for streams only. Default: for ever."),
  },
  durable,
).describe("A durable queue.");

export const rabbitmqSchema = map({
  vhost: text("the name of a virtual host", rabbitmqNameRules)
    .optional()
    .describe("Virtual host of everything below. Default: the skill's name."),
  exchanges: named(exchangeSchema).default({}).describe("Durable exchanges by name. Default: none."),
  queues: named(queueSchema).default({}).describe("Durable queues by name. Default: none."),
  replace: replaceSchema("queue"),
}).describe("RabbitMQ: durable queues and the exchanges that feed them.");

export const rabbitmqNames: readonly NameTable[] = [
  { at: ["rabbitmq", "exchanges"], rules: rabbitmqNameRules },
  { at: ["rabbitmq", "queues"], rules: rabbitmqNameRules },
  { at: ["rabbitmq", "queues", "*", "bindings", "*", "arguments"], rules: headerNameRules },
];

type RabbitmqDocument = z.output<typeof rabbitmqSchema>;
type QueueDocument = RabbitmqDocument["queues"][string];

export type RabbitmqExchange = RabbitmqDocument["exchanges"][string];
export type RabbitmqBinding = QueueDocument["bindings"][number];
export type RabbitmqConsumer = { prefetch: number; retry: Retry };
/** A queue with every default filled in; a stream has no `deadLetter`, and only a stream has a `retention`. */
export type RabbitmqQueue = Omit<QueueDocument, "retry" | "consumers"> & {
  retry: Retry;
  consumers: Record<string, RabbitmqConsumer>;
};
export type RabbitmqSkill = {
  vhost: string;
  exchanges: Record<string, RabbitmqExchange>;
  queues: Record<string, RabbitmqQueue>;
  /** Absent: no queue is replaced. */
  replace?: Replace;
};

const takenOver = ["bindings", "producers", "consumers"] as const;

/** RabbitMQ's part with its defaults, or nothing when it declares nothing. */
export function resolveRabbitmq(document: RabbitmqDocument, name: string, retry: Retry): RabbitmqSkill | undefined {
  const { vhost = name, exchanges, replace } = document;
  const queues = mapValues(takeOver(document.queues, replace, takenOver), (queue) => resolveQueue(queue, retry));
  if (Object.keys({ ...exchanges, ...queues }).length === 0) return undefined;
  return { vhost, exchanges, queues, ...(Object.keys(replace).length > 0 && { replace }) };
}

function resolveQueue(queue: QueueDocument, inherited: Retry): RabbitmqQueue {
  const retry = overridden(inherited, queue.retry);
  const consumers = mapValues(queue.consumers, (consumer) => ({
    prefetch: consumer.prefetch,
    retry: overridden(retry, consumer.retry),
  }));
  const { deadLetter = { retention: deadLetterRetention }, ...rest } = { ...queue, retry, consumers };
  return queue.type === "stream" ? rest : { ...rest, deadLetter };
}
