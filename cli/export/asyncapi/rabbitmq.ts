import { bindingsOf, DEAD_LETTER_EXCHANGE, type RabbitmqBinding, type RabbitmqSkill } from "../../../skill/index.ts";
import type { Consumer, Flow } from "../flow.ts";
import { shortHash } from "../text.ts";
import { keyAddress } from "./address.ts";
import { idOf } from "./ids.ts";
import { carried, type MessageKind } from "./messages.ts";
import type { Channel, Part } from "./model.ts";
import { type Act, operationsOf, retryExtension } from "./operations.ts";

const bindingVersion = "0.3.0";
const queueId = (queue: string): string => idOf("rabbitmq-queue", queue);

/** The queues with their dead letters and delay tiers, the routes that lead to them, and what apps do on them. */
export function rabbitmqPart(rabbitmq: RabbitmqSkill | undefined, flows: readonly Flow[]): Part {
  const channels: Record<string, Channel> = {};
  const acts: Act[] = [];
  const add = (id: string, channel: Channel): Act["at"] => {
    channels[id] = channel;
    return [id, channel];
  };
  for (const flow of flows) {
    const { type, maxLength, retention, consumers } = rabbitmq!.queues[flow.place]!;
    const queue = queueChannel(rabbitmq!, flow.place, "message", `A durable ${type} queue.`);
    const limits = { ...(maxLength && { "x-max-length": maxLength }), ...(retention && { "x-retention": retention }) };
    const work = add(queueId(flow.place), { ...queue, "x-queue-type": type, ...limits });
    for (const binding of bindingsOf(flow.place, rabbitmq!.queues[flow.place]!)) {
      const at = add(routeId(binding), routeChannel(rabbitmq!, binding, flow.place, channels[routeId(binding)]));
      acts.push(...flow.producers.map((app) => publishes(app, at, flow.place)));
    }
    for (const consumer of flow.consumers) {
      const { prefetch } = consumers[consumer.app]!;
      const failures = failureChannels(rabbitmq!, flow.place, consumer, add);
      acts.push(...consumes(flow.place, consumer, work, failures, prefetch));
    }
  }
  return { channels, operations: operationsOf(acts) };
}

const publishes = (app: string, at: Act["at"], queue: string): Act => ({
  app,
  action: "send",
  at,
  does: `publishes to ${queue}`,
  bindings: { amqp: { deliveryMode: 2, mandatory: true, bindingVersion } },
});

function failureChannels(
  rabbitmq: RabbitmqSkill,
  queue: string,
  { tiers, deadLetters }: Consumer,
  add: (id: string, channel: Channel) => Act["at"],
): Act["at"][] {
  const through = (exchange: string, routingKey: string) => ({ "x-sent-through": { exchange, routingKey } });
  const waits = tiers.map(({ place, delay }) => {
    const channel = queueChannel(
      rabbitmq,
      place,
      "retry",
      `Where messages wait ${delay} ms before their next delivery.`,
    );
    return add(queueId(place), { ...channel, ...through(place, "the work queue's name") });
  });
  if (deadLetters === undefined) return waits;
  const letters = queueChannel(rabbitmq, deadLetters, "deadLetter", `The dead letters of ${queue}.`);
  return [...waits, add(queueId(deadLetters), { ...letters, ...through(DEAD_LETTER_EXCHANGE, queue) })];
}

function consumes(queue: string, consumer: Consumer, work: Act["at"], failures: Act["at"][], prefetch: number): Act[] {
  const { app, deadLetters } = consumer;
  const retry = deadLetters && retryExtension(consumer, { retry: queueId, deadLetter: queueId(deadLetters) });
  const bindings = { amqp: { ack: true, bindingVersion } };
  const extensions = { "x-prefetch": prefetch, ...(retry || {}) };
  return [
    { app, action: "receive", at: work, does: `consumes ${queue}`, bindings, extensions },
    ...failures.map((at): Act => ({ app, action: "send", at, does: `puts there what failed: ${at[1].title}` })),
  ];
}

const queueChannel = ({ vhost }: RabbitmqSkill, queue: string, kind: MessageKind, summary: string): Channel => ({
  address: queue,
  title: queue,
  summary,
  messages: carried("rabbitmq", kind),
  bindings: {
    amqp: {
      is: "queue",
      queue: { name: queue, durable: true, exclusive: false, autoDelete: false, vhost },
      bindingVersion,
    },
  },
});

const routeId = ({ exchange, routingKey, arguments: match }: RabbitmqBinding): string =>
  idOf("rabbitmq-route", exchange, match ? `${routingKey}-${shortHash(JSON.stringify(match))}` : routingKey || "all");

/** What leads from an exchange to queues: its routing key, or on a headers exchange the headers to match. */
function routeChannel(
  { vhost, exchanges }: RabbitmqSkill,
  { exchange, routingKey, arguments: match }: RabbitmqBinding,
  queue: string,
  known: Channel | undefined,
): Channel {
  const type = exchanges[exchange]?.type ?? "topic";
  const { address, parameters } =
    type === "topic" ? keyAddress(routingKey) : { address: routingKey, parameters: undefined };
  const queues = [...((known?.["x-queues"] as string[] | undefined) ?? []), queue];
  return {
    // A fanout or headers exchange looks at no key.
    address: type === "topic" || type === "direct" ? address : null,
    title: routingKey === "" ? exchange : `${exchange} ${routingKey}`,
    summary: `Leads to ${queues.join(", ")}.`,
    messages: carried("rabbitmq", "message"),
    ...(parameters && { parameters }),
    bindings: {
      amqp: {
        is: "routingKey",
        exchange: { name: exchange, type, durable: true, autoDelete: false, vhost },
        bindingVersion,
      },
    },
    "x-queues": queues,
    ...(routingKey !== "" && { "x-binding-key": routingKey }),
    ...(match && { "x-match": match }),
  };
}
