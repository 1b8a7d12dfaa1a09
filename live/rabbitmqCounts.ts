import { setTimeout as wait } from "node:timers/promises";
import { RefusedError } from "../client/message.ts";
import { toClientError } from "../client/rabbitmq/errors.ts";
import type { Declared } from "../client/rabbitmq/figures.ts";
import type { Link } from "../client/rabbitmq/link.ts";

const PATIENCE_MS = 5_000;

/** What AMQP counts in a queue at this moment; undefined where it does not tell, an Error where the queue does not answer. */
export type AmqpCount = Declared | Error | undefined;

/**
 * Counts these queues. Where the user has no rights, or a queue is exclusively another's, AMQP does not tell: the figures must do.
 * Throws a ConnectionError where the broker does not answer.
 */
export async function amqpCounts(link: Link, names: readonly string[]): Promise<Map<string, AmqpCount>> {
  const counts = new Map<string, AmqpCount>();
  for (let at = 0; at < names.length; ) {
    const opened = await link.open().catch((error: Error) => {
      if (error instanceof RefusedError) return undefined;
      throw error;
    });
    if (!opened) return counts;
    const { channel } = opened;
    try {
      for (; at < names.length; at++) {
        const silent = wait(PATIENCE_MS, undefined, { ref: false });
        const count = await Promise.race([channel.queueDeclare({ queue: names[at], passive: true }), silent]);
        counts.set(names[at]!, count ?? new Error(SILENT));
        // The channel does not answer anybody else's question before this one's.
        if (!count) break;
      }
    } catch (error) {
      // The channel ends with a refusal; what else goes wrong is the connection's.
      const failure = toClientError(error, names[at]!);
      if (failure instanceof RefusedError) counts.set(names[at]!, undefined);
      else if ((error as { code?: string }).code === "NOT_FOUND") counts.set(names[at]!, failure);
      else throw failure;
    } finally {
      await channel.close().catch(() => {});
    }
    at++;
  }
  return counts;
}

const SILENT = `it does not answer within ${PATIENCE_MS / 1000} s; wait until it does, or restart the node that leads it`;
