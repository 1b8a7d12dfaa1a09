import { GetQueueAttributesCommand, GetQueueUrlCommand } from "@aws-sdk/client-sqs";
import { Connection } from "rabbitmq-client";
import { connect } from "../../../client/index.ts";
import { openCluster } from "../../../client/kafka/cluster.ts";
import { wholeLog } from "../../../client/kafka/remaining.ts";
import type { OperatorAccess } from "../../../client/operator.ts";
import { serverOf } from "../../../client/redis/server.ts";
import { connectionTo } from "../../../client/sqs/api.ts";
import { PREFIX } from "./brokers.ts";
import { type Environment, ground } from "./environment.ts";

/** How many messages are put into the flow that no `up` touches. */
const MESSAGES = 20;

const FLOWS = {
  rabbitmq: "rabbitmq/kept",
  kafka: `kafka/${PREFIX}-kept`,
  sqs: `sqs/${PREFIX}-kept`,
  redis: `redis/notifications/${PREFIX}-kept`,
};

/** Publishes messages, each confirmed, as the app. Gives back how many there are now: a stream of an earlier run may hold some. */
export async function publish(env: Environment): Promise<number> {
  const apps = await env.apps();
  const client = connect(apps[`${PREFIX}shop`]!);
  for (let at = 0; at < MESSAGES; at++) await client.publish(FLOWS[env.kind.name], { body: `message ${at}` });
  await client.close();
  const there = await count(env);
  if (there < MESSAGES) throw new Error(`${MESSAGES} messages were confirmed, and ${there} are there`);
  return there;
}

/** How many of them are there. */
export const count = (env: Environment): Promise<number> => COUNTS[env.kind.name](ground().operator);

const COUNTS: Record<Environment["kind"]["name"], (operator: OperatorAccess) => Promise<number>> = {
  rabbitmq: async ({ rabbitmq }) => {
    const { url, username, password } = rabbitmq!;
    const { hostname, port } = new URL(url);
    const connection = new Connection({ hostname, port: Number(port), username, password, vhost: PREFIX });
    const { messageCount } = await connection.queueDeclare({ queue: "kept", passive: true });
    await connection.close();
    return messageCount;
  },
  kafka: async ({ kafka }) => {
    const cluster = openCluster(kafka!, "messaging-test");
    const ranges = await wholeLog(cluster, `${PREFIX}-kept`);
    await cluster.close();
    return ranges.reduce((sum, { from, to }) => sum + Number(to - from), 0);
  },
  sqs: async ({ sqs }) => {
    const client = connectionTo(sqs!);
    const { QueueUrl } = await client.send(new GetQueueUrlCommand({ QueueName: `${PREFIX}-kept.fifo` }));
    const name = "ApproximateNumberOfMessages" as const;
    const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: [name] }));
    client.destroy();
    return Number(Attributes?.[name]);
  },
  redis: async ({ redis }) => {
    const server = serverOf(redis!.notifications!);
    const length = Number(await server.ask(["XLEN", `${PREFIX}-kept`]));
    server.close();
    return length;
  },
};
