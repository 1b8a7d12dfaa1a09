import { pbkdf2Sync, randomBytes } from "node:crypto";
import { alterUserScramCredentialsV0 } from "@platformatic/kafka";
import type { AppAccess } from "../../../client/access.ts";
import { addressOf, link } from "../../../client/kafka/link.ts";
import type { OperatorAccess } from "../../../client/operator.ts";
import { serverOf } from "../../../client/redis/server.ts";
import { type Clone, output } from "../clone.ts";

/** An app's logins before its passwords changed, and since. */
export interface Rotated {
  before: AppAccess;
  now: AppAccess;
}

/**
 * Gives an app other passwords on every broker that asks for one. Done by the brokers' administrator: once `messaging rotate <app>` can be
 * had, that stands here, and `now` is the output `apps` after it.
 */
export async function rotateOut(clone: Clone, app: string, operator: OperatorAccess): Promise<Rotated> {
  const before = (await output<Record<string, AppAccess>>(clone, "apps"))[app]!;
  const password = randomBytes(24).toString("base64url");
  const now = structuredClone(before);
  await Promise.all([
    now.rabbitmq && rotateOnRabbitmq(operator, now.rabbitmq.username, password),
    now.kafka && rotateOnKafka(operator, now.kafka.username, password),
    ...Object.entries(now.redis ?? {}).map(([instance, { username }]) =>
      rotateOnRedis(operator, instance, username, password),
    ),
  ]);
  for (const access of [now.rabbitmq, now.kafka, ...Object.values(now.redis ?? {})]) {
    if (access) access.password = password;
  }
  return { before, now };
}

async function rotateOnRabbitmq({ rabbitmq }: OperatorAccess, user: string, password: string): Promise<void> {
  const { managementUrl, username, password: own } = rabbitmq!;
  const authorization = `Basic ${Buffer.from(`${username}:${own}`).toString("base64")}`;
  const body = JSON.stringify({ password, tags: "" });
  const headers = { authorization, "content-type": "application/json" };
  const { status } = await fetch(`${managementUrl}/api/users/${user}`, { method: "PUT", headers, body });
  if (status >= 300) throw new Error(`RabbitMQ gave ${user} no other password: ${status}`);
}

async function rotateOnKafka({ kafka }: OperatorAccess, user: string, password: string): Promise<void> {
  const iterations = 8192;
  const salt = randomBytes(20);
  const saltedPassword = pbkdf2Sync(password, salt, iterations, 64, "sha512");
  const sha512 = 2;
  const broker = link(kafka!, addressOf(kafka!.bootstrapServers[0]!), { clientId: "tests", requestTimeout: 10_000 });
  const credential = { name: user, mechanism: sha512, iterations, salt, saltedPassword };
  await broker.call(alterUserScramCredentialsV0.api, [], [credential]).finally(() => broker.close());
}

async function rotateOnRedis({ redis }: OperatorAccess, instance: string, user: string, password: string) {
  const server = serverOf(redis![instance]!);
  await server.ask(["ACL", "SETUSER", user, "resetpass", `>${password}`]).finally(() => server.close());
}
