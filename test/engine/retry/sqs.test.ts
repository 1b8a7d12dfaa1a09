import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Client } from "../../../client/client.ts";
import { connect } from "../../../client/client.ts";
import { HEADERS } from "../../../client/headers.ts";
import type { Delivery } from "../../../client/message.ts";
import { connectionTo } from "../../../client/sqs/api.ts";
import { sendAll } from "../../../client/sqs/batches.ts";
import { toEntry } from "../../../client/sqs/envelope.ts";
import { retries, times } from "./environment.ts";
import { median } from "./lateness.ts";
import { child, drained, idsOf, operatorOf, purge, spread, until } from "./sqs-tools.ts";

const POISONS = times("RETRY_POISONS", 20);

const opened: Client[] = [];
const as = (app: "shop" | "worker" | "billing"): Client => {
  const client = connect(retries().apps[app]);
  opened.push(client);
  return client;
};

beforeEach(purge);
afterEach(async () => {
  await Promise.all(opened.splice(0).map((client) => client.close()));
});

/** Each delivery of a message: when it began, and when it failed. */
type Times = { id: string; attempt: number; began: number; failed?: number };

/** A handler that fails on bodies that begin with `poison` for as long as `fails` says, and notes each delivery. */
function noting(fails: () => boolean = () => true) {
  const noted: Times[] = [];
  const handler = ({ id, attempt, body }: Delivery) => {
    const times: Times = { id, attempt, began: Date.now() };
    noted.push(times);
    if (!body.toString().startsWith("poison") || !fails()) return;
    times.failed = Date.now();
    throw new TypeError(`no ${body}`);
  };
  return { noted, handler };
}

/** From each failure to the next delivery, in milliseconds. */
const delaysOf = (noted: readonly Times[], id: string): number[] => {
  const mine = noted.filter((times) => times.id === id);
  return mine.slice(1).map(({ began }, index) => began - mine[index]!.failed!);
};

describe("a poison message on SQS", () => {
  const flows = [
    { queue: "payments", producer: "shop", consumer: "worker", attempts: 3, delay: 1000 },
    { queue: "refunds", producer: "shop", consumer: "billing", attempts: 2, delay: 2000 },
  ] as const;

  it.each(flows)(
    "of $queue takes $attempts deliveries, $delay ms apart, and is dead-lettered once with its error",
    async (flow) => {
      const { queue, attempts, delay } = flow;
      const { noted, handler } = noting();
      await as(flow.consumer).consume(`sqs/${queue}`, handler);
      const shop = as(flow.producer);
      const poisons: string[] = [];
      const goods: { id: string; sent: number }[] = [];
      for (let n = 0; n < POISONS; n++) {
        poisons.push(
          (await shop.publish(`sqs/${queue}`, { body: `poison ${n}`, key: `k${n}`, headers: { n: `${n}` } })).id,
        );
        const sent = Date.now();
        goods.push({ ...(await shop.publish(`sqs/${queue}`, { body: `good ${n}` })), sent });
      }
      const { broker, letters } = operatorOf(queue);
      await until("all are dead-lettered", async () => (await letters.count()).messages >= POISONS);
      const dead = await drained(letters);
      await broker.close();

      expect(dead.map(({ id }) => id).sort()).toEqual([...poisons].sort());
      for (const { id, body, key, headers } of dead) {
        expect(noted.filter((times) => times.id === id).map(({ attempt }) => attempt)).toEqual(
          Array.from({ length: attempts }, (_, index) => index + 1),
        );
        expect(headers).toMatchObject({
          [HEADERS.error]: `no ${body}`,
          [HEADERS.errorName]: "TypeError",
          [HEADERS.origin]: `sqs/${queue}`,
          [HEADERS.consumer]: flow.consumer,
          [HEADERS.attempt]: String(attempts),
          n: key!.slice(1),
        });
        expect(headers[HEADERS.errorStack]).toContain("sqs.test.ts");
        const failed = noted.findLast((times) => times.id === id)!.failed!;
        // The last failure, and none before it.
        expect(Date.parse(headers[HEADERS.failures]!) - failed).toBeGreaterThanOrEqual(0);
        expect(Date.parse(headers[HEADERS.failures]!) - failed).toBeLessThan(delay);
      }
      const delays = poisons.flatMap((id) => delaysOf(noted, id));
      const latencies = goods.map(({ id, sent }) => noted.find((times) => times.id === id)!.began - sent);
      console.log(`sqs/${queue}: delays`, spread(delays), "good ones beside them", spread(latencies));
      expect(delays).toHaveLength(POISONS * (attempts - 1));
      expect(Math.min(...delays)).toBeGreaterThanOrEqual(delay);
      expect(median(delays)).toBeLessThanOrEqual(delay + 1000);
      // They did not wait for a retry.
      expect(median(latencies)).toBeLessThan(delay);
    },
  );

  it("blocks its group for as long as it fails where poison blocks, and no other group", async () => {
    let failing = true;
    const { noted, handler } = noting(() => failing);
    await as("worker").consume("sqs/statements", handler);
    const billing = as("billing");
    const poison = await billing.publish("sqs/statements", { body: "poison", key: "a" });
    const behind = await billing.publish("sqs/statements", { body: "behind", key: "a" });
    const other = await billing.publish("sqs/statements", { body: "other", key: "b" });
    const deliveries = (id: string) => noted.filter((times) => times.id === id);
    await until("it was tried six times", () => deliveries(poison.id).length >= 6);
    expect([deliveries(behind.id).length, deliveries(other.id).length]).toEqual([0, 1]);
    failing = false;
    await until("the one behind it is handled", () => deliveries(behind.id).length === 1);
    const delays = delaysOf(noted, poison.id);
    const held = deliveries(behind.id)[0]!.began - deliveries(poison.id)[0]!.began;
    console.log("sqs/statements: delays", spread(delays), `the one behind waited ${held} ms, until it succeeded`);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(1000);
    expect(median(delays)).toBeLessThanOrEqual(2000);
    expect(deliveries(other.id)[0]!.began).toBeLessThan(deliveries(poison.id)[0]!.began + 1000);
  });
});

describe("retries of two delays on SQS", () => {
  it("do not wait for each other", async () => {
    const short = noting();
    const long = noting();
    await as("worker").consume("sqs/payments", short.handler);
    await as("billing").consume("sqs/refunds", long.handler);
    const shop = as("shop");
    const sent: string[] = [];
    // A steady stream: the emulator is slow, and a burst would wait for it.
    for (let n = 0; n < POISONS * 2; n++) {
      sent.push((await shop.publish(n % 2 ? "sqs/refunds" : "sqs/payments", { body: "poison" })).id);
      await wait(25);
    }
    await until(
      "all were tried to the end",
      () => short.noted.length >= POISONS * 3 && long.noted.length >= POISONS * 2,
    );
    const [shorts, longs] = [short, long].map(({ noted }) => sent.flatMap((id) => delaysOf(noted, id)));
    console.log("beside each other: 1 s", spread(shorts!), "2 s", spread(longs!));
    expect(Math.max(...shorts!)).toBeLessThanOrEqual(2000);
    expect(Math.min(...longs!)).toBeGreaterThanOrEqual(2000);
  });
});

describe("a slow handler on SQS", () => {
  it("gets its message once, and stops when it has handled it", async () => {
    const seen: number[] = [];
    const worker = as("worker");
    const consumer = await worker.consume("sqs/payments", async ({ attempt }) => {
      seen.push(attempt);
      await new Promise((resolve) => setTimeout(resolve, 8_000));
    });
    await as("shop").publish("sqs/payments", { body: "slow" });
    await until("it is in hand", () => seen.length > 0);
    await consumer.stop();
    const { broker } = operatorOf("payments");
    expect([seen, await broker.state("sqs/payments")]).toEqual([[1], { waiting: 0 }]);
    await broker.close();
  });
});

describe("a consumer on SQS that is stopped", () => {
  it("gives back at once what came meanwhile and was not begun", async () => {
    const seen: string[] = [];
    const consumer = await as("worker").consume("sqs/payments", ({ id }) => void seen.push(id));
    await wait(300);
    const stopped = consumer.stop();
    await as("shop").publish("sqs/payments", { body: "late" });
    await stopped;
    const since = Date.now();
    const { attempt } = await new Promise<Delivery>((resolve) => void as("worker").consume("sqs/payments", resolve));
    expect([seen, attempt, Date.now() - since < 2_000]).toEqual([[], 2, true]);
  });
});

describe("the dead letters of several groups on SQS", () => {
  it("are all shown, however SQS cuts the groups", async () => {
    const { sqs: access } = retries().operator;
    const { deadLetterQueueUrl } = access!.deadLetters.find(({ flow }) => flow === "sqs/payments")!;
    const sqs = connectionTo(access!);
    const entries = Array.from({ length: 35 }, (_, at) =>
      toEntry({ body: `${at}`, key: `g${at % 7}` }, randomUUID(), new Date()),
    );
    expect(await sendAll(sqs, deadLetterQueueUrl, entries)).toEqual(new Map());
    sqs.destroy();
    const { broker, letters } = operatorOf("payments");
    const shown = async (limit: number) => new Set((await letters.peek(limit)).map(({ body }) => Number(body))).size;
    expect([await shown(100), await shown(12), await shown(35)]).toEqual([35, 12, 35]);
    await broker.close();
  });
});

describe("a consumer on SQS that dies of a message", () => {
  it("gets it as often as the skill says, and then SQS itself dead-letters it", async () => {
    const { id } = await as("shop").publish("sqs/payments", { body: "deadly" });
    const { broker, letters } = operatorOf("payments");
    const consumers = [child("die", "payments")];
    // SQS moves it when somebody asks for messages after its last delivery.
    await until("it is dead-lettered", async () => {
      if (consumers.at(-1)!.process.signalCode) consumers.push(child("die", "payments"));
      return (await letters.count()).messages > 0;
    });
    await Promise.all(consumers.map((consumer) => consumer.kill()));
    expect(idsOf(consumers, "got")).toEqual([id, id, id]);
    expect((await drained(letters)).map((letter) => [letter.id, letter.headers[HEADERS.error]])).toEqual([
      [id, undefined],
    ]);
    await broker.close();
  });
});
