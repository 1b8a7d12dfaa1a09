import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { connect } from "../../client/index.ts";
import { inside, output, pulumi } from "./clone.ts";
import { inputsOf, type Mutation, mutable, mutated, verdictOn } from "./mutated.ts";

const clone = inject("clone");
const MESSAGES = 5;

/** What of each type is mutated: one resource that holds messages, or stands before one that does. */
const CHOSEN: Record<string, string> = {
  "rabbitmq:index/queue:Queue": "orders",
  "rabbitmq:index/exchange:Exchange": "orders/order-events",
  "rabbitmq:index/vHost:VHost": "orders",
  "kafka:index/topic:Topic": "user-events",
  "aws:sqs/queue:Queue": "payments",
  "messaging-extras:redis:ConsumerGroup": "notifications/emails/mailer",
  "docker:index/volume:Volume": "notifications",
  "docker:index/container:Container": "notifications",
};

/** Values that are right for their attribute, where one more or another letter would not be. */
const VALUES: Record<string, unknown[]> = {
  "Queue settings.argumentsJson": ['{"x-queue-type":"classic"}'],
  "Exchange settings.type": ["direct"],
  "Topic partitions": [3, 12],
  "Topic config.cleanup.policy": ["compact"],
  "Topic config.compression.type": ["gzip"],
  "Queue deduplicationScope": ["messageGroup"],
  "Queue fifoThroughputLimit": [],
  "Queue receiveWaitTimeSeconds": [10],
  "Queue name": ["others", "others.fifo"],
  "Container capabilities.drops": [["SYS_ADMIN"]],
  "Container command": [["sleep", "1"]],
  "Container healthcheck.interval": ["3s"],
};

const textOf = (type: string) => type.split(":").at(-1)!;

function variants(type: string, path: string[], value: unknown): unknown[] {
  const given = VALUES[`${textOf(type)} ${path.join(".")}`];
  if (given) return given;
  if (typeof value === "boolean") return [!value];
  if (typeof value === "number") return [value + 1];
  if (typeof value === "string") return [/^\d+$/.test(value) ? String(Number(value) + 1) : `${value}x`];
  if (Array.isArray(value)) return value.length > 0 ? [value.slice(0, -1)] : [];
  return [];
}

/** Every attribute that the components set, each with its other values. */
async function mutations(): Promise<Mutation[]> {
  const all: Mutation[] = [];
  for (const [type, name] of Object.entries(CHOSEN)) {
    const add = (path: string[], value: unknown): void => {
      for (const to of variants(type, path, value)) all.push({ type, name, path, value: to });
    };
    for (const [key, value] of Object.entries(await inputsOf(clone, type, name))) {
      if (key.startsWith("__") || key === "effective") continue;
      if (typeof value !== "object" || value === null || Array.isArray(value)) add([key], value);
      else for (const [inner, part] of Object.entries(value)) if (!inner.startsWith("__")) add([key, inner], part);
    }
  }
  return all;
}

/** What each broker holds of the messages that this file sent. */
async function held(): Promise<Record<string, number>> {
  const { counts } = await look();
  return counts;
}

async function look() {
  const ctl = await inside(clone, "rabbitmq", [
    "rabbitmqctl",
    "-q",
    "--formatter",
    "json",
    "list_queues",
    "-p",
    "orders",
    "name",
    "messages",
  ]);
  const orders = JSON.parse(ctl.stdout).find(({ name }: { name: string }) => name === "orders").messages;
  const { openLook } = await import("../../live/index.ts");
  // biome-ignore lint/suspicious/noExplicitAny: the operator's access
  const operator = await output<any>(clone, "operator");
  const opened = openLook({ kafka: operator.kafka, sqs: operator.sqs, redis: () => operator.redis.notifications });
  const [kafka, sqs, redis] = [await opened.kafka(), await opened.sqs(), await opened.redis("notifications")];
  const counts = {
    rabbitmq: orders as number,
    kafka: (await kafka!.topic("user-events"))!.messages,
    sqs: (await sqs!.queue(operator.sqs.deadLetters[0].queueUrl))!.messages,
    redis: (await redis!.group("emails", "mailer"))!.messages,
  };
  await opened.close();
  return { counts };
}

let putBack = () => {};
beforeAll(async () => {
  // biome-ignore lint/suspicious/noExplicitAny: the access of the apps
  const apps = await output<Record<string, any>>(clone, "apps");
  const send = async (app: string, flow: string, key?: string) => {
    const client = connect(apps[app]);
    for (let at = 0; at < MESSAGES; at++) await client.publish(flow, { body: `m${at}`, ...(key && { key }) });
    await client.close();
  };
  await send("order-service", "rabbitmq/orders", "order.created");
  await send("order-service", "kafka/user-events", "k");
  await send("payment-service", "sqs/payments");
  await send("notification-service", "redis/notifications/emails");
  putBack = mutable(clone);
});
afterAll(async () => {
  putBack();
  const { code, output: printed } = await pulumi(clone, "up", "--yes", "--skip-preview");
  expect(code, printed).toBe(0);
  // biome-ignore lint/suspicious/noExplicitAny: the access of the apps
  const apps = await output<Record<string, any>>(clone, "apps");
  let left = 2 * MESSAGES;
  await new Promise<void>((resolve) => {
    const took = () => void (--left === 0 && resolve());
    const fulfilment = connect(apps.fulfilment);
    void fulfilment.consume("rabbitmq/orders", took);
    void fulfilment.consume("sqs/payments", took);
    setTimeout(resolve, 60_000).unref();
  });
});

describe("every attribute of what holds messages", () => {
  it("is changed in place, refused, or gated: and nothing is lost by any", async () => {
    // RabbitMQ counts every 5 s.
    for (const end = Date.now() + 30_000; (await held()).rabbitmq! < MESSAGES && Date.now() < end; ) await wait(500);
    const before = await held();
    const all = await mutations();
    const rows: string[] = [];
    const todo = [...all.entries()];
    const work = async () => {
      for (let next = todo.shift(); next; next = todo.shift()) {
        const [at, mutation] = next;
        const to = JSON.stringify(mutation.value).slice(0, 40);
        rows[at] = `${textOf(mutation.type)} ${mutation.path.join(".")} -> ${to}: ${await verdictOn(clone, mutation)}`;
      }
    };
    await Promise.all([work(), work()]);
    console.log(rows.join("\n"));
    expect(await held()).toEqual(before);

    // What is changed in place is changed, all of it at once, and once more when it is put back.
    const inPlace = all.filter((_, at) => rows[at]!.endsWith(": in place"));
    for (const mutationsNow of [inPlace, []]) {
      const { code, output: printed } = await mutated(clone, mutationsNow, "up", "--yes", "--skip-preview");
      expect(code, printed).toBe(0);
      expect(await held()).toEqual(before);
    }
    expect(rows).toMatchInlineSnapshot();
  });
});
