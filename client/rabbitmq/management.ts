import { setTimeout as wait } from "node:timers/promises";
import { ConnectionError, RefusedError } from "../message.ts";
import type { RabbitmqOperator } from "../operator.ts";

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
export function managementOf({ managementUrl, vhost, username, password }: RabbitmqOperator): Management {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const get = async (path: string): Promise<unknown> => {
    const place = `rabbitmq management at ${managementUrl}`;
    const answer = await fetch(`${managementUrl}/api/${path}`, {
      headers: { authorization },
      signal: AbortSignal.timeout(PATIENCE_MS),
    }).catch((error: Error) => {
      throw new ConnectionError(`${place}: the broker does not answer: ${error.message}`, { cause: error });
    });
    if (answer.ok) return answer.json();
    if (answer.status >= 500) throw new ConnectionError(`${place}: the broker answers ${answer.status}`);
    throw new RefusedError(`${place}: the broker refuses: ${answer.status}`);
  };
  const within = encodeURIComponent(vhost);
  return {
    async unacknowledged(queue) {
      const found = await get(`queues/${within}/${encodeURIComponent(queue)}?columns=messages_unacknowledged`);
      return (found as { messages_unacknowledged?: number }).messages_unacknowledged ?? 0;
    },
    async consumerTags(queue, count) {
      for (const end = Date.now() + PATIENCE_MS; ; await wait(LOOK_AGAIN_MS)) {
        const all = (await get(`consumers/${within}`)) as { consumer_tag: string; queue: { name: string } }[];
        const tags = all.filter((one) => one.queue.name === queue).map((one) => one.consumer_tag);
        if (tags.length === count || Date.now() > end) return tags;
      }
    },
  };
}
