import { type BrokerOperator, CLIENT_NAME, type DeadLetters, type FlowState } from "../deadLetters.ts";
import type { RabbitmqOperator } from "../operator.ts";
import { readyIn } from "./batch.ts";
import { deadLettersOf } from "./deadLetters.ts";
import { toClientError } from "./errors.ts";
import { linkTo } from "./link.ts";
import { managementOf } from "./management.ts";
import { publisherOn } from "./publisher.ts";

/** RabbitMQ as the operator of its environment; it connects when it is first asked. */
export async function operate(access: RabbitmqOperator): Promise<BrokerOperator> {
  const link = linkTo(access);
  const publisher = publisherOn(link);
  const management = managementOf(access);
  const { deadLetterExchange } = access;
  const targets = access.deadLetters.map(({ queue }) => queue);
  const opened: DeadLetters[] = access.deadLetters.map((place) =>
    deadLettersOf(place, { link, publisher, deadLetterExchange, targets }),
  );

  /** A queue that nobody consumes has nothing in hand, so the management API's old figure is not asked for. */
  async function state(flow: string): Promise<FlowState> {
    const queue = flow.replace(/^rabbitmq\//, "");
    const { channel } = await link.open();
    try {
      const { consumerCount: consumers } = await channel.queueDeclare({ queue, passive: true });
      const tags = consumers > 0 ? await management.consumerTags(queue, consumers) : [];
      const inHand = consumers > 0 ? await management.unacknowledged(queue) : 0;
      const ours = tags.filter((tag) => tag.startsWith(`${CLIENT_NAME}/`)).length;
      return { waiting: (await readyIn(channel, queue)) + inHand, consumers, ours };
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
