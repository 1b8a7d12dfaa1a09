import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { HEADERS } from "../../../client/headers.ts";
import type { KafkaClient } from "../../../client/kafka/client.ts";
import type { Consumer } from "../../../client/message.ts";
import { times } from "./environment.ts";
import { allOf, appClient, distribution, emptied, eventually, operatorClient } from "./kafka-support.ts";
import { median } from "./lateness.ts";

const RUNS = times("RETRY_RUNS", 10);

interface Flow {
  topic: string;
  group: string;
  producer: "shop" | "billing";
  consumer: "worker" | "billing";
  delays: number[];
}

const flows: Flow[] = [
  { topic: "user-events", group: "notify", producer: "shop", consumer: "worker", delays: [1000, 2000] },
  { topic: "clicks", group: "count", producer: "shop", consumer: "worker", delays: [500, 1000, 1500] },
  { topic: "clicks", group: "bill", producer: "shop", consumer: "billing", delays: [8000] },
];
const ledger: Flow = { topic: "ledger", group: "book", producer: "billing", consumer: "worker", delays: [1000, 1000] };

interface Seen {
  at: number;
  failedAt?: number;
  attempt: number;
}

const operator = operatorClient();
const clients: KafkaClient[] = [];
const client = (app: "shop" | "worker" | "billing") => {
  const made = appClient(app);
  clients.push(made);
  return made;
};

/** A consumer that fails what is poison, and by id what it saw. */
async function watching({ topic, group, consumer }: Flow) {
  const seen = new Map<string, Seen[]>();
  const errors: Error[] = [];
  const handler = async ({ id, body, attempt }: { id: string; body: Buffer; attempt: number }) => {
    const delivery: Seen = { at: Date.now(), attempt };
    seen.set(id, [...(seen.get(id) ?? []), delivery]);
    await wait(1);
    if (body.toString() === "good") return;
    delivery.failedAt = Date.now();
    throw new TypeError(`poison for ${group}`);
  };
  let ready = false;
  const onError = (error: Error) => {
    // On a new broker the first groups wait for their coordinator; and other tests have deleted what was not read.
    if (ready && !/were deleted before they were read/.test(error.message)) errors.push(error);
  };
  const running: Consumer = await client(consumer).consume(topic, handler, { group, onError });
  ready = true;
  return { seen, errors, running };
}

const delaysOf = (deliveries: readonly Seen[]): number[] =>
  deliveries.slice(1).map(({ at }, index) => at - deliveries[index]!.failedAt!);

beforeAll(async () => {
  for (const { deadLetterTopic } of (await import("./environment.ts")).retries().operator.kafka!.deadLetters) {
    await emptied(operator.cluster, deadLetterTopic);
  }
});

afterAll(async () => {
  await Promise.all(clients.map((one) => one.close()));
  await operator.close();
});

describe("retries on Kafka", () => {
  it("take each poison record through its delays to the dead letters once, and hold up no other, whatever waits beside it", async () => {
    const watched = await Promise.all(flows.map(watching));
    const producers = { shop: client("shop"), billing: client("billing") };
    const published = new Map<string, { topic: string; poison: boolean; at: number }>();
    // One after the other, so that at each time some wait in every tier.
    for (let run = 0; run < RUNS * 2; run++) {
      for (const topic of ["user-events", "clicks"]) {
        const poison = run % 2 === 0;
        const message = { body: poison ? "poison" : "good", key: `key ${run % 4 < 2 ? 1 : run}` };
        const at = Date.now();
        const { id } = await producers.shop.publish(topic, message);
        published.set(id, { topic, poison, at });
      }
      await wait(100);
    }
    for (const [index, flow] of flows.entries()) {
      const { seen, errors, running } = watched[index]!;
      const letters = operator.letters(`kafka/${flow.topic}/${flow.group}`);
      const own = [...published].filter(([, { topic }]) => topic === flow.topic);
      const poison = own.filter(([, message]) => message.poison).map(([id]) => id);
      const ownDead = async () => (await allOf(letters)).filter(({ id }) => published.has(id));
      await eventually(`${letters.name} holds all`, async () => (await ownDead()).length >= poison.length);
      await running.stop();

      const deliveries = poison.map((id) => seen.get(id)!);
      expect(deliveries.map((each) => each.map(({ attempt }) => attempt))).toEqual(
        poison.map(() => [...flow.delays.map((_, at) => at + 1), flow.delays.length + 1]),
      );
      const waits = flow.delays.map((_, at) => deliveries.map((each) => delaysOf(each)[at]!));
      for (const [at, delay] of flow.delays.entries()) {
        console.log(`${flow.topic}/${flow.group}: delay ${delay} ms: ${distribution(waits[at]!)}`);
        expect(Math.min(...waits[at]!)).toBeGreaterThanOrEqual(delay);
        expect(median(waits[at]!)).toBeLessThanOrEqual(delay + 1000);
      }
      const good = own.filter(([, message]) => !message.poison);
      const latencies = good.map(([id, { at }]) => seen.get(id)![0]!.at - at);
      console.log(`${flow.topic}/${flow.group}: good records waited ${distribution(latencies)} ms`);
      expect(good.map(([id]) => seen.get(id)!.length)).toEqual(good.map(() => 1));
      expect(median(latencies)).toBeLessThan(Math.min(1000, ...flow.delays));

      const dead = await ownDead();
      expect(dead.map(({ id }) => id).sort()).toEqual([...poison].sort());
      for (const { headers, key } of dead) {
        expect(headers).toMatchObject({
          [HEADERS.origin]: `kafka/${flow.topic}/${flow.group}`,
          [HEADERS.consumer]: flow.group,
          [HEADERS.errorName]: "TypeError",
          [HEADERS.error]: `poison for ${flow.group}`,
          [HEADERS.attempt]: String(flow.delays.length + 1),
        });
        expect(headers[HEADERS.originPosition]).toMatch(/^partition \d offset \d+$/);
        expect(headers[HEADERS.errorStack]).toContain("kafka.test.ts");
        expect(headers[HEADERS.failures]!.split(",")).toHaveLength(flow.delays.length + 1);
        expect(key).toMatch(/^key /);
      }
      expect(errors).toEqual([]);
    }
  });

  it("keep the order of a partition where the skill promises it, and hold it back no longer than the delays", async () => {
    const { seen, running } = await watching(ledger);
    const billing = client("billing");
    const order: string[] = [];
    for (const body of ["good", "poison", "good", "poison", "good"]) {
      order.push((await billing.publish("ledger", { body, key: "one account" })).id);
    }
    await eventually("the last record was handled", () => seen.has(order[4]!));
    await running.stop();
    expect([...seen.keys()]).toEqual(order);
    expect(order.map((id) => seen.get(id)!.map(({ attempt }) => attempt))).toEqual([
      [1],
      [1, 2, 3],
      [1],
      [1, 2, 3],
      [1],
    ]);
    for (const id of [order[1]!, order[3]!]) {
      for (const waited of delaysOf(seen.get(id)!)) {
        expect(waited).toBeGreaterThanOrEqual(1000);
        expect(waited).toBeLessThanOrEqual(2000);
      }
    }
    const held = seen.get(order[2]!)![0]!.at - seen.get(order[1]!)![0]!.at;
    console.log(`ledger/book: a poison record held back its partition for ${held} ms, of which its delays are 2000`);
    expect(held).toBeGreaterThanOrEqual(2000);
    expect(held).toBeLessThanOrEqual(4000);
    const dead = (await allOf(operator.letters("kafka/ledger/book"))).filter(({ id }) => order.includes(id));
    expect(dead.map(({ id }) => id)).toEqual([order[1], order[3]]);
    expect(dead.map(({ headers }) => headers[HEADERS.failures]!.split(",").length)).toEqual([3, 3]);
  });
});
