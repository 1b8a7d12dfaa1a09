import { setTimeout as wait } from "node:timers/promises";
import type { RabbitmqOperator } from "../operator.ts";
import { rabbitmqApi } from "./api.ts";

/** What the management API knows and AMQP does not tell. */
export interface Management {
  /** Messages that consumers of the queue have in hand; some seconds old. */
  unacknowledged(queue: string): Promise<number>;
  /** The tags of the queue's consumers. It hears of them late, so it is asked until it knows as many as there are (10 s at most). */
  consumerTags(queue: string, count: number): Promise<string[]>;
}

const PATIENCE_MS = 10_000;
const LOOK_AGAIN_MS = 500;

/** The management API of an environment's broker. */
export function managementOf(access: RabbitmqOperator): Management {
  const api = rabbitmqApi(access);
  const { vhost } = access;
  return {
    async unacknowledged(queue) {
      const columns = new URLSearchParams({ columns: "messages_unacknowledged" });
      const found = await api.get<{ messages_unacknowledged?: number }>("queues", vhost, queue, columns);
      return found.messages_unacknowledged ?? 0;
    },
    async consumerTags(queue, count) {
      for (const end = Date.now() + PATIENCE_MS; ; await wait(LOOK_AGAIN_MS)) {
        const all = await api.get<{ consumer_tag: string; queue: { name: string } }[]>("consumers", vhost);
        const tags = all.filter((one) => one.queue.name === queue).map((one) => one.consumer_tag);
        if (tags.length === count || Date.now() > end) return tags;
      }
    },
  };
}
