import { CreateQueueCommand, DeleteQueueCommand, GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import { createTopicsV7, deleteTopicsV6 } from "@platformatic/kafka";
import { type Cluster, openCluster } from "../../../client/kafka/cluster.ts";
import type { OperatorAccess } from "../../../client/operator.ts";
import { connectionTo } from "../../../client/sqs/api.ts";

export const VHOST = "by-hand";

const numbers = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

/** 30 queues of all types, by their number, and how each is bound. */
const QUEUES = numbers(30).map((at) => ({
  name: `work-${at}`,
  type: ["quorum", "classic", "stream"][at % 3]!,
  bindings: at % 2 === 0 ? [{ exchange: "events", key: `work.${at}.#` }] : [{ exchange: "direct", key: `w${at}` }],
}));

/** 20 topics, half of which say themselves what a skill's topic says. */
const TOPICS = numbers(20).map((at) => ({
  name: `by-hand-${at}`,
  numPartitions: 1 + (at % 4),
  replicationFactor: 1,
  assignments: [],
  configs: Object.entries({
    "retention.ms": String(at * 3_600_000),
    ...(at % 2 === 0 && { "compression.type": "zstd", "segment.ms": "3600000" }),
    ...(at % 5 !== 0 && { "min.insync.replicas": "1", "unclean.leader.election.enable": "false" }),
  }).map(([name, value]) => ({ name, value })),
}));

/** Those of a skill among those that it cannot say, one with arguments, and one into somebody's own dead letters. */
const BINDINGS = [
  ["by-header", "mail", { routing_key: "", arguments: { "x-match": "any", channel: "email", size: 3 } }],
  ...["a.one", "b two", "c.three", "part*", "e.five"].map((key) => ["events", "mail", { routing_key: key }] as const),
  ["dead", "bills.dlq", { routing_key: "" }],
] as const;

const FIFO = { FifoQueue: "true", ReceiveMessageWaitTimeSeconds: "20", SqsManagedSseEnabled: "true" };

/** What people made on the brokers of an environment without Pulumi, as its operator. */
export function byHand(operator: Required<OperatorAccess>) {
  const api = management(operator.rabbitmq);
  const kafka: Cluster = openCluster(operator.kafka, "messaging-test");
  const sqs = connectionTo(operator.sqs);
  return {
    api,
    async make() {
      await api("PUT", `vhosts/${VHOST}`);
      for (const [name, type] of [
        ["events", "topic"],
        ["direct", "direct"],
        ["hidden", "fanout"],
        ["dead", "fanout"],
        ["by-header", "headers"],
      ])
        await api("PUT", `exchanges/${VHOST}/${name}`, { type, durable: true, internal: name === "hidden" });
      for (const { name, type, bindings } of QUEUES) {
        await api("PUT", `queues/${VHOST}/${name}`, { durable: true, arguments: { "x-queue-type": type } });
        for (const { exchange, key } of bindings)
          await api("POST", `bindings/${VHOST}/e/${exchange}/q/${name}`, { routing_key: key });
      }
      for (const name of ["mail", "bills", "bills.dlq"])
        await api("PUT", `queues/${VHOST}/${name}`, { durable: true, arguments: { "x-queue-type": "quorum" } });
      for (const [exchange, queue, binding] of BINDINGS)
        await api("POST", `bindings/${VHOST}/e/${exchange}/q/${queue}`, binding);
      await api("PUT", `policies/${VHOST}/letters`, {
        pattern: "^bills$",
        "apply-to": "queues",
        priority: 5,
        definition: { "dead-letter-exchange": "dead" },
      });
      await api("PUT", `queues/${VHOST}/gone-with-the-node`, { durable: false });
      await api("PUT", `queues/${VHOST}/limited`, {
        durable: true,
        arguments: { "x-queue-type": "quorum", "x-max-length": 10 },
      });
      await api("PUT", `policies/${VHOST}/everything`, {
        pattern: ".*",
        "apply-to": "queues",
        definition: { "max-length": 100_000 },
      });
      await kafka.ask(createTopicsV7.api, TOPICS, 30_000, false);
      await sqs.send(
        new CreateQueueCommand({ QueueName: "by-hand.fifo", Attributes: { ...FIFO, VisibilityTimeout: "45" } }),
      );
      await sqs.send(new CreateQueueCommand({ QueueName: "by-hand-standard" }));
    },
    async remove() {
      await api("DELETE", `vhosts/${VHOST}`);
      await kafka.ask(
        deleteTopicsV6.api,
        TOPICS.map(({ name }) => ({ name })),
        30_000,
      );
      for (const QueueName of ["by-hand.fifo", "by-hand-standard"]) {
        const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName }));
        await sqs.send(new DeleteQueueCommand({ QueueUrl }));
      }
    },
    async close() {
      await kafka.close();
      sqs.destroy();
    },
  };
}

/** Asks the management API, as its administrator; throws where it refuses. */
export function management({ managementUrl, username, password }: Required<OperatorAccess>["rabbitmq"]) {
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  return async (method: string, path: string, body?: object): Promise<string> => {
    const answer = await fetch(`${managementUrl}/api/${path}`, {
      method,
      headers: { authorization, "content-type": "application/json" },
      ...(method !== "GET" && { body: JSON.stringify(body ?? {}) }),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text;
  };
}
