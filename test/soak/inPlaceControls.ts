import { PurgeQueueCommand } from "@aws-sdk/client-sqs";
import { openCluster } from "../../client/kafka/cluster.ts";
import { deleteBefore, listOffsets } from "../../client/kafka/offsets.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { serverOf } from "../../client/redis/server.ts";
import { connectionTo } from "../../client/sqs/api.ts";
import { type Clone, inside } from "../engine/clone.ts";

/** By broker: deletes what waits there at this moment, so that a count of what is lost can be seen to count. */
export const CONTROLS: Record<string, (clone: Clone, operator: OperatorAccess) => Promise<unknown>> = {
  rabbitmq: (clone) =>
    inside(clone, "rabbitmq", ["rabbitmqctl", "-q", "purge_queue", "-p", "shop", "messaging.retry.1000ms"]),

  // A consumer has read ahead what waits for another try: the dead letters are deleted.
  async kafka(_, { kafka }) {
    const cluster = openCluster(kafka!, "soak-control");
    try {
      for (const topic of (await cluster.topics()).filter((name) => name.endsWith(".dlt"))) {
        for (const [partition, end] of await listOffsets(cluster, topic, "latest")) {
          await deleteBefore(cluster, topic, partition, end);
        }
      }
    } finally {
      await cluster.close();
    }
  },

  // Between its receives a message waits too briefly to be met: the dead letters are deleted.
  async sqs(_, { sqs }) {
    const client = connectionTo(sqs!);
    for (const { deadLetterQueueUrl } of sqs!.deadLetters) {
      await client.send(new PurgeQueueCommand({ QueueUrl: deadLetterQueueUrl }));
    }
    client.destroy();
  },

  async redis(_, { redis }) {
    const server = serverOf(redis!.cache!);
    await server.ask(["XTRIM", "mails", "MAXLEN", "0"]);
    server.close();
  },
};
