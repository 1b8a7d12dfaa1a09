import type { Channel } from "rabbitmq-client";
import { type Login, linkTo } from "../../../client/rabbitmq/link.ts";
import type { Answer, Session } from "./cells.ts";
import type { RabbitmqTry } from "./oracleRabbitmq.ts";

/** How somebody would reach the broker. Without a login, the management API is asked without one, and AMQP with an empty one. */
export interface RabbitmqWay {
  url: string;
  managementUrl: string;
  vhost: string;
  login?: { username: string; password: string };
}

/**
 * What somebody tries on RabbitMQ: each in a channel of its own, for a refusal (403 ACCESS_REFUSED) closes its channel, over one
 * connection. Who is refused at the login (403) or by the vhost (530 NOT_ALLOWED) has no connection, and is refused anew each time.
 */
export function rabbitmqSession({ url, managementUrl, vhost, login }: RabbitmqWay): Session<RabbitmqTry> {
  const { username, password } = login ?? { username: "", password: "" };
  const linkOf = (where: string) => linkTo({ url, vhost: where, username, password } as Login);
  const link = linkOf(vhost);

  async function onChannel(attempt: (channel: Channel) => Promise<unknown>, through = link): Promise<Answer> {
    try {
      const { channel, ended } = await through.open();
      // A refusal of what is not answered, such as a publish, comes as the channel's end.
      await Promise.race([attempt(channel), ended.then((error) => Promise.reject(error))]);
      await channel.close().catch(() => {});
      return "allowed";
    } catch (error) {
      return answerOf(error);
    }
  }

  return {
    async attempt(tried) {
      if (tried.action === "admin API") return askApi(managementUrl, tried.request, login);
      if (tried.action !== "another vhost") return onChannel((channel) => act(channel, tried));
      const other = linkOf(tried.vhost);
      return onChannel(async () => {}, other).finally(() => other.close());
    },
    close: () => link.close(),
  };
}

/** The refusal is in what the broker said, by its reply code; anything else is told as it is. */
function answerOf(error: unknown): Answer {
  const { code, message, cause } = error as { code?: string; message?: string; cause?: { code?: string } };
  const name = code ?? cause?.code;
  return name === "ACCESS_REFUSED" || name === "NOT_ALLOWED" ? "denied" : `${name}: ${message}`;
}

type OnChannel = Exclude<RabbitmqTry, { action: "admin API" | "another vhost" }>;

async function act(channel: Channel, tried: OnChannel): Promise<unknown> {
  switch (tried.action) {
    case "publish":
      await channel.confirmSelect();
      return channel.basicPublish({ exchange: tried.exchange, routingKey: tried.key, mandatory: true }, "probe");
    case "consume": {
      await channel.basicQos({ prefetchCount: 1 });
      const { consumerTag } = await channel.basicConsume({ queue: tried.queue }, () => {});
      return channel.basicCancel({ consumerTag });
    }
    case "get":
      return channel.basicGet({ queue: tried.queue });
    case "purge":
      return channel.queuePurge({ queue: tried.queue });
    case "inspect":
      return channel.queueDeclare({ queue: tried.queue, passive: true });
    case "declare":
      return channel.queueDeclare({ queue: tried.queue, durable: true, arguments: { "x-queue-type": "quorum" } });
    case "delete":
      return channel.queueDelete({ queue: tried.queue });
    case "bind":
      return channel.queueBind({ queue: tried.queue, exchange: tried.exchange, routingKey: "probe" });
    case "unbind":
      return channel.queueUnbind({ queue: tried.queue, exchange: tried.exchange, routingKey: "probe" });
    case "inspect exchange":
      return channel.exchangeDeclare({ exchange: tried.exchange, passive: true });
    case "declare exchange":
      return channel.exchangeDeclare({ exchange: tried.exchange, type: "topic", durable: true });
    case "delete exchange":
      return channel.exchangeDelete({ exchange: tried.exchange });
    case "bind exchange":
      return channel.exchangeBind({ destination: tried.exchange, source: tried.from, routingKey: "probe" });
    case "unbind exchange":
      return channel.exchangeUnbind({ destination: tried.exchange, source: tried.from, routingKey: "probe" });
  }
}

/** The management API refuses by 401: it lets nobody in without a tag, and no app has one. */
async function askApi(managementUrl: string, request: string, login: RabbitmqWay["login"]): Promise<Answer> {
  const [method, path] = request.split(" ");
  const authorization = `Basic ${Buffer.from(`${login?.username}:${login?.password}`).toString("base64")}`;
  const { status } = await fetch(`${managementUrl}/api/${path}`, {
    method: method!,
    headers: { "content-type": "application/json", ...(login && { authorization }) },
    ...(method !== "GET" && method !== "DELETE" && { body: bodyOf(path!) }),
  });
  if (status === 401) return "denied";
  return status < 300 ? "allowed" : `status ${status}`;
}

function bodyOf(path: string): string {
  if (path.startsWith("users/")) return JSON.stringify({ password: "probe", tags: "administrator" });
  if (path.startsWith("permissions/")) return JSON.stringify({ configure: ".*", write: ".*", read: ".*" });
  if (path.endsWith("/get")) return JSON.stringify({ count: 1, ackmode: "ack_requeue_true", encoding: "auto" });
  return JSON.stringify({ properties: {}, routing_key: "orders", payload: "probe", payload_encoding: "string" });
}
