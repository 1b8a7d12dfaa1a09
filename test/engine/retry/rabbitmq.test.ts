import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { RabbitmqAccess } from "../../../client/access.ts";
import type { BrokerOperator, DeadLetters } from "../../../client/deadLetters.ts";
import { canaryHeader, HEADERS } from "../../../client/headers.ts";
import type { Delivery } from "../../../client/message.ts";
import { RabbitmqClient } from "../../../client/rabbitmq/client.ts";
import { linkTo } from "../../../client/rabbitmq/link.ts";
import { operate } from "../../../client/rabbitmq/operator.ts";
import { publisherOn } from "../../../client/rabbitmq/publisher.ts";
import { newProperties } from "../../../client/rabbitmq/rawBodies.ts";
import { retries, times } from "./environment.ts";
import { median } from "./lateness.ts";
import { child, exited, journal, killed, queuesOf, repeats, spread, stream, until } from "./rabbitmqTools.ts";

const environment = retries();
const access = environment.operator.rabbitmq!;
const accessOf = (app: "shop" | "worker" | "billing"): RabbitmqAccess => environment.apps[app].rabbitmq!;

const flows = [
  { queue: "orders", producer: "shop", consumer: "worker", key: "order.new", delays: [1000, 2000] },
  { queue: "invoices", producer: "shop", consumer: "billing", key: undefined, delays: [500, 500, 500] },
  { queue: "shipping", producer: "shop", consumer: "worker", key: undefined, delays: [8000] },
  { queue: "audits", producer: "billing", consumer: "worker", key: undefined, delays: [] },
] as const;

let clients: Record<"shop" | "worker" | "billing", RabbitmqClient>;
let operator: BrokerOperator;
let queues: ReturnType<typeof queuesOf>;
const lettersOf = (queue: string): DeadLetters =>
  operator.deadLetters().find(({ flow }) => flow === `rabbitmq/${queue}`)!;

beforeAll(async () => {
  clients = {
    shop: new RabbitmqClient(accessOf("shop")),
    worker: new RabbitmqClient(accessOf("worker")),
    billing: new RabbitmqClient(accessOf("billing")),
  };
  operator = await operate(access);
  queues = queuesOf(access);
});
beforeEach(() => queues.purge());
afterAll(async () => {
  await queues.purge();
  await Promise.all([...Object.values(clients).map((client) => client.close()), operator.close(), queues.close()]);
});

interface Seen {
  id: string;
  attempt: number;
  at: number;
}

/** Fails what says so, and records every delivery. */
const recorder = (seen: Seen[]) => (delivery: Delivery) => {
  seen.push({ id: delivery.id, attempt: delivery.attempt, at: Date.now() });
  if (delivery.body.toString() === "poison") throw new TypeError("this one cannot be handled");
};

describe("retries on RabbitMQ", () => {
  it("deliver poison exactly maxAttempts times, each after its delay, and hold up nothing behind it", async () => {
    const runs = times("RETRY_RUNS", 10);
    await Promise.all(
      flows.map(async ({ queue, producer, consumer, key, delays }) => {
        const seen: Seen[] = [];
        const running = await clients[consumer].consume(queue, recorder(seen));
        const goods: number[] = [];
        const poison: string[] = [];
        for (let run = 0; run < runs; run++) {
          poison.push((await clients[producer].publish(queue, { body: "poison", key })).id);
          const start = Date.now();
          const { id } = await clients[producer].publish(queue, { body: "good", key });
          await until("a good message", () => seen.some((one) => one.id === id));
          goods.push(seen.find((one) => one.id === id)!.at - start);
          await wait(20);
        }
        await until("dead letters", async () => (await queues.ready(`${queue}.dlq`)) === runs);
        await running.stop();
        const over = poison.flatMap((id) => {
          const deliveries = seen.filter((one) => one.id === id);
          expect(deliveries.map(({ attempt }) => attempt)).toEqual([
            ...delays.map((_, at) => at + 1),
            delays.length + 1,
          ]);
          return delays.map((delay, at) => deliveries[at + 1]!.at - deliveries[at]!.at - delay);
        });
        expect(over.filter((late) => late < 0)).toEqual([]);
        if (over.length > 0) expect(median(over)).toBeLessThanOrEqual(1000);
        expect(median(goods)).toBeLessThan(delays[0] ?? 1000);
        expect((await queues.ids(`${queue}.dlq`)).toSorted()).toEqual(poison.toSorted());
        if (over.length > 0) console.log(`${queue}: beyond the delay: ${spread(over)}`);
        console.log(`${queue}: a good message behind poison: ${spread(goods)}`);
      }),
    );
  });

  it("tell in the dead letter what failed, where, whose and when", async () => {
    const running = await clients.worker.consume("audits", recorder([]));
    const { id } = await clients.billing.publish("audits", { body: "poison", headers: { mine: "kept" } });
    await until("the dead letter", async () => (await lettersOf("audits").count()).messages === 1);
    await running.stop();
    const [letter, ...others] = await lettersOf("audits").peek(10);
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ id, key: "audits", position: "messaging.work/audits" });
    expect(letter!.headers).toEqual({
      mine: "kept",
      [HEADERS.publishedAt]: expect.stringMatching(/^\d{4}-.*Z$/),
      [HEADERS.attempt]: "1",
      [HEADERS.failures]: letter!.at!.toISOString(),
      [HEADERS.error]: "this one cannot be handled",
      [HEADERS.errorName]: "TypeError",
      [HEADERS.errorStack]: expect.stringContaining("rabbitmq.test.ts"),
      [HEADERS.origin]: "rabbitmq/audits",
      [HEADERS.originPosition]: "messaging.work/audits",
      [HEADERS.consumer]: "worker",
      [HEADERS.key]: "audits",
    });
    expect(Date.now() - letter!.at!.getTime()).toBeLessThan(10_000);
  });

  it("keep what another library published byte for byte, with the types of its headers", async () => {
    const link = linkTo(accessOf("shop"));
    const foreign = publisherOn(link);
    const body = Buffer.from('{"n":12345678901234567890}');
    const headers = { count: 5, sure: true, list: [1, "a"] };
    const properties = {
      contentType: "application/json",
      type: "order",
      correlationId: "c",
      userId: "shop",
      expiration: "60000",
    };
    const messageId = randomUUID();
    const envelope = newProperties({ ...properties, headers, messageId });
    await foreign.send({ exchange: "order-events", routingKey: "order.old", messageId, properties: envelope }, body);
    const seen: Delivery[] = [];
    const running = await clients.worker.consume("orders", (delivery) => {
      seen.push(delivery);
      throw new Error("no");
    });
    await until("the dead letter", async () => (await queues.ready("orders.dlq")) === 1);
    await running.stop();
    await foreign.close();
    await link.close();
    expect(seen.map(({ body, key, id }) => [body.toString(), key, id])).toEqual(
      Array.from({ length: 3 }, () => [body.toString(), "order.old", messageId]),
    );
    const [letter] = await lettersOf("orders").peek(1);
    expect(letter!.body.equals(body)).toBe(true);
    expect(letter!.headers).toMatchObject({ count: "5", sure: "true", list: '[1,"a"]' });
  });

  it("count by the broker where the queue itself takes a failed message back", async () => {
    // This broker is older than the delays of queues; what is shown is that a rejected message comes back, is counted, and ends.
    const { worker } = environment.apps;
    const { retries: _, ...orders } = worker.rabbitmq!.consumes.orders!;
    const consumes = { orders: { ...orders, nativeDelays: [1000, 2000] } };
    const client = new RabbitmqClient({ ...worker.rabbitmq!, consumes });
    const seen: Seen[] = [];
    await client.consume("orders", recorder(seen));
    const { id } = await clients.shop.publish("orders", { body: "poison", key: "order.n" });
    await until("the dead letter", async () => (await queues.ready("orders.dlq")) === 1);
    await client.close();
    expect(seen.map((one) => [one.id, one.attempt])).toEqual([1, 2, 3].map((attempt) => [id, attempt]));
    const [letter] = await lettersOf("orders").peek(1);
    expect(letter).toMatchObject({ id, key: "order.n" });
    expect(letter!.headers).toMatchObject({ [HEADERS.attempt]: "3", [HEADERS.errorName]: "TypeError" });
  });

  it("let no tier wait for another", async () => {
    const seen: Record<string, Seen[]> = { shipping: [], orders: [] };
    const running = await Promise.all(
      Object.entries(seen).map(([queue, list]) => clients.worker.consume(queue, recorder(list))),
    );
    for (let at = 0; at < 30; at++) await clients.shop.publish("shipping", { body: "poison" });
    for (let at = 0; at < 30; at++) await clients.shop.publish("orders", { body: "poison", key: "order.a" });
    await until(
      "both",
      async () => (await queues.ready("orders.dlq")) === 30 && (await queues.ready("shipping.dlq")) === 30,
    );
    await Promise.all(running.map((consumer) => consumer.stop()));
    const over = (list: Seen[], delays: readonly number[]) =>
      [...new Set(list.map(({ id }) => id))].flatMap((id) => {
        const own = list.filter((one) => one.id === id);
        return delays.map((delay, at) => own[at + 1]!.at - own[at]!.at - delay);
      });
    const late = [...over(seen.orders!, [1000, 2000]), ...over(seen.shipping!, [8000])];
    console.log(`tiers of 1 s, 2 s and 8 s at once, beyond the delay: ${spread(late)}`);
    expect(late.filter((one) => one < 0 || one > 1000)).toEqual([]);
  });

  it("leave a message that a consumer of canaries meets as it was", async () => {
    const { id } = await clients.shop.publish("orders", { body: "not a canary", key: "order.real" });
    const canaries: string[] = [];
    const verifying = await clients.worker.consume("orders", () => {}, {
      canariesOnly: (canary) => void canaries.push(canary.id),
    });
    const headers = canaryHeader({ run: "r", kind: "good", flow: "rabbitmq/orders" });
    const canary = await clients.shop.publish("orders", { body: "", key: "order.c", headers });
    await until("the canary", () => canaries.length === 1);
    await verifying.stop();
    expect(canaries).toEqual([canary.id]);
    const seen: Delivery[] = [];
    const running = await clients.worker.consume("orders", (delivery) => void seen.push(delivery));
    await until("the message", () => seen.length === 1);
    await running.stop();
    expect(seen.map(({ id, key, attempt }) => ({ id, key, attempt }))).toEqual([{ id, key: "order.real", attempt: 1 }]);
  });

  it("find new canaries among the dead letters and take no others", async () => {
    const letters = lettersOf("audits");
    const running = await clients.worker.consume("audits", recorder([]));
    await clients.billing.publish("audits", { body: "poison" });
    await until("the dead letter", async () => (await letters.count()).messages === 1);
    const mark = await letters.mark();
    const headers = canaryHeader({ run: "r7", kind: "poison", flow: "rabbitmq/audits" });
    await clients.billing.publish("audits", { body: "", headers });
    const found: string[] = [];
    await until("the canary", async () => {
      found.push(...(await letters.collect("r7", mark)).map((letter) => letter.headers[HEADERS.errorName]!));
      return found.length > 0;
    });
    await running.stop();
    await letters.close();
    expect(found).toEqual(["CanaryError"]);
    expect((await letters.count()).messages).toBe(1);
    expect(await operator.state("rabbitmq/audits")).toEqual({ waiting: 0, consumers: 0, ours: 0 });
  });
});

describe("a consumer that is killed on RabbitMQ", () => {
  it("loses nothing that was confirmed, and repeats one message a kill at most", async () => {
    const kills = times("RETRY_KILLS", 15);
    const { file, lines } = journal();
    const publishing = stream(clients.shop, "orders", "order.s", 5);
    let hits = 0;
    for (let kill = 0; kill < kills; kill++) {
      const before = lines().length;
      const consumer = await child("rabbitmqConsumer.ts", environment, "worker", "orders", file, "keeps");
      await wait(50 + Math.random() * 400);
      const interrupted = await killed(consumer);
      if (interrupted && lines().length > before) hits++;
    }
    expect(hits, "kills of one that was at work").toBeGreaterThan(kills / 3);
    await publishing.stop();
    const last = await child("rabbitmqConsumer.ts", environment, "worker", "orders", file, "keeps");
    const ended = async () => [...lines(), ...(await queues.ids("orders.dlq"))];
    await until("everything", async () => new Set(await ended()).size >= publishing.confirmed.length, 300);
    await wait(2500);
    await killed(last);
    const all = await ended();
    const dead = await queues.ready("orders.dlq");
    console.log(
      `${kills} kills: ${publishing.confirmed.length} confirmed, 0 lost, ${repeats(all)} repeated, ${dead} dead letters`,
    );
    expect(publishing.confirmed.filter((id) => !all.includes(id))).toEqual([]);
    expect(repeats(all)).toBeLessThanOrEqual(kills);
  });

  it("loses messages without acknowledgements, so the test above can fail", async () => {
    const { file, lines } = journal();
    const confirmed = await Promise.all(
      Array.from({ length: 300 }, (_, at) => clients.billing.publish("audits", { body: "", id: `c-${at}` })),
    );
    const consumer = await child("rabbitmqConsumer.ts", environment, "worker", "audits", file, "careless");
    await killed(consumer);
    const waiting = await queues.ready("audits");
    const lost = confirmed.length - lines().length - waiting;
    console.log(`control without acknowledgements: 1 kill, ${lost} of ${confirmed.length} lost`);
    expect(lost).toBeGreaterThan(0);
  });

  it("ends a message that crashes it in the dead letters after maxAttempts deliveries and two more, which a node may have lost", async () => {
    for (const [body, deliveries] of [
      ["crashes", 5],
      // The delivery that failed, and then those of the next attempt.
      ["fails once", 6],
    ] as const) {
      const { file, lines } = journal();
      const { id } = await clients.shop.publish("orders", { body, key: "order.x" });
      await until("the dead letter", async () => {
        if ((await queues.ready("orders.dlq")) > 0) return true;
        const consumer = await child("rabbitmqConsumer.ts", environment, "worker", "orders", file, "crashes");
        await Promise.race([exited(consumer), wait(3000)]);
        await killed(consumer);
        return false;
      });
      const [letter] = await lettersOf("orders").peek(1);
      console.log(
        `crash loop "${body}": ${lines().length} deliveries, ended by ${letter!.headers["x-death-reason"] ?? letter!.headers[HEADERS.errorName]}`,
      );
      expect(lines()).toEqual(Array(deliveries).fill(id));
      expect(letter).toMatchObject({ id, key: "order.x" });
      expect(Date.now() - letter!.at!.getTime()).toBeLessThan(60_000);
      await queues.purge();
    }
  });
});

describe("redrive on RabbitMQ", () => {
  const size = 50;

  async function filled(count: number): Promise<string[]> {
    const link = linkTo(access);
    const publisher = publisherOn(link);
    const ids = Array.from({ length: count }, (_, at) => `dead-${at}`);
    const place = { exchange: access.deadLetterExchange, routingKey: "audits" };
    const publish = (messageId: string) =>
      publisher.send({ ...place, messageId, properties: newProperties({ messageId }) }, Buffer.from("x"));
    await Promise.all(ids.map(publish));
    await publisher.close();
    await link.close();
    return ids;
  }

  it("loses nothing when it is killed, and two at once lose nothing", async () => {
    const kills = times("RETRY_REDRIVE_KILLS", 8);
    const before = await filled(kills * 150);
    let hits = 0;
    for (let kill = 0; kill < kills; kill++) {
      const redrive = await child("rabbitmqRedrive.ts", environment, "rabbitmq/audits", String(size));
      await wait(Math.random() * 250);
      if (await killed(redrive)) hits++;
    }
    expect(hits, "kills of one that had not ended").toBeGreaterThan(0);
    const redriven = await queues.drained("audits");
    const remaining = await queues.ids("audits.dlq");
    const both = [...redriven, ...remaining];
    console.log(
      `${kills} kills of redrive: ${before.length} before, ${redriven.length} redriven, ${remaining.length} remaining, ${repeats(both)} repeated`,
    );
    expect(before.filter((id) => !both.includes(id))).toEqual([]);
    expect(repeats(both)).toBeLessThanOrEqual(kills * size);
    const two = await Promise.all(
      [1, 2].map(() => child("rabbitmqRedrive.ts", environment, "rabbitmq/audits", String(size))),
    );
    expect(await Promise.all(two.map(exited))).toEqual([0, 0]);
    expect(await queues.ready("audits.dlq")).toBe(0);
    expect((await queues.drained("audits")).toSorted()).toEqual(remaining.toSorted());
  });

  it("keeps, drops and redrives elsewhere as it is told", async () => {
    await filled(6);
    const letters = lettersOf("audits");
    const taken: string[] = [];
    for await (const batch of letters.take(4)) {
      taken.push(...batch.map(({ id }) => id));
      await letters.settle(
        batch.map(({ id, headers }) => {
          if (id === "dead-1") return { kind: "drop" };
          if (id === "dead-2") return { kind: "redrive", headers, to: "rabbitmq/shipping" };
          return { kind: "keep" };
        }),
      );
    }
    expect(taken).toEqual(["dead-0", "dead-1", "dead-2", "dead-3", "dead-4", "dead-5"]);
    expect(await queues.drained("shipping")).toEqual(["dead-2"]);
    expect(await queues.ids("audits.dlq")).toEqual(["dead-0", "dead-3", "dead-4", "dead-5"]);
  });
});

describe("a RabbitMQ that is killed under traffic", () => {
  it("loses nothing that it confirmed", async () => {
    const seen: string[] = [];
    const errors: Error[] = [];
    const running = await clients.worker.consume("orders", ({ id }) => void seen.push(id), {
      onError: (error) => void errors.push(error),
    });
    const publishing = stream(clients.shop, "orders", "order.t", 2);
    const kills = times("RETRY_BROKER_KILLS", 1);
    for (let kill = 0; kill < kills; kill++) {
      await wait(1500);
      await environment.killAndRestart("rabbitmq", 500);
      const count = seen.length;
      await until("traffic again", () => seen.length > count + 50);
    }
    await publishing.stop();
    await until("everything", () => publishing.confirmed.every((id) => seen.includes(id)));
    await running.stop();
    console.log(
      `${kills} kills of the broker: ${publishing.confirmed.length} confirmed, 0 lost, ${repeats(seen)} repeated, ${errors.length} errors told`,
    );
    expect(errors.length).toBeGreaterThan(0);
    expect(await queues.ready("orders")).toBe(0);
  });
});
