import type { Channel } from "rabbitmq-client";
import { type BrokerOperator, CLIENT_NAME, type DeadLetters, type FlowState } from "../deadLetters.ts";
import type { RabbitmqOperator } from "../operator.ts";
import { readyIn, seemsReady } from "./batch.ts";
import { deadLettersOf } from "./deadLetters.ts";
import { toClientError } from "./errors.ts";
import { linkTo } from "./link.ts";
import { type Management, managementOf } from "./management.ts";
import { publisherOn } from "./publisher.ts";

/** RabbitMQ as the operator of its environment; it connects when it is first asked. */
export async function operate(access: RabbitmqOperator): Promise<BrokerOperator> {
  const link = linkTo(access);
  const publisher = publisherOn(link);
  const management = managementOf(access);
  const { deadLetterExchange } = access;
  const targets = access.deadLetters.map(({ queue }) => queue);
  const opened: DeadLetters[] = access.deadLetters.map((place) =>
    deadLettersOf(place, { link, publisher, deadLetterExchange, targets, unacknowledged: management.unacknowledged }),
  );

  async function state(flow: string): Promise<FlowState> {
    const { channel } = await link.open();
    try {
      return await stateOf(channel, management, flow.replace(/^rabbitmq\//, ""));
    } catch (error) {
      throw toClientError(error, flow);
    } finally {
      await channel.close();
    }
  }

  return {
    deadLetters: () => opened,
    state,
    async close() {
      await Promise.all(opened.map((one) => one.close()));
      await publisher.close();
      await link.close();
    },
  };
}

/**
 * A queue that nobody consumes has nothing in hand, so the management API's old figure is not asked for. But a silent leader has no
 * consumers and no messages by AMQP either: it is asked for one.
 */
export async function stateOf(channel: Channel, management: Management, queue: string): Promise<FlowState> {
  const { consumerCount: consumers } = await channel.queueDeclare({ queue, passive: true });
  if (consumers === 0) return { waiting: await readyIn(channel, queue), consumers, ours: 0 };
  const tags = await management.consumerTags(queue, consumers);
  const inHand = await management.unacknowledged(queue);
  const ours = tags.filter((tag) => tag.startsWith(`${CLIENT_NAME}/`)).length;
  return { waiting: (await seemsReady(channel, queue)) + inHand, consumers, ours };
}
