import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { textOfBytes } from "../../../client/headerText.ts";
import { mirrorTopics } from "../../../client/kafka/mirror.ts";
import type { Delivery } from "../../../client/message.ts";
import { treat } from "../../../client/redrive.ts";
import { retries } from "./environment.ts";
import { changed, configured, ends, held, type Odd, oddNames, odds, written } from "./kafka-odd.ts";
import { appClient, emptied, eventually, operatorClient } from "./kafka-support.ts";

const PARTITIONS = 3;
const records: Record<string, Odd> = { ...odds, ...oddNames };
const count = Object.keys(records).length;
const operator = operatorClient();
const letters = operator.letters("kafka/user-events/notify");
const RETRIES = ["user-events.notify.retry.1000", "user-events.notify.retry.2000"] as const;
const DEAD = "user-events.notify.dlt";
let places: Record<string, string>;
let before: Map<string, bigint[]>;
const found = async (topic: string) => changed(records, places, await held(topic, PARTITIONS, before.get(topic)));
const noted = async () => {
  before = new Map();
  for (const topic of [...RETRIES, DEAD]) before.set(topic, await ends(topic, PARTITIONS));
};

const isOurs = ({ id }: { id: string }): boolean => Object.values(places).includes(id);
const ownLetters = async () => (await letters.peek(1_000)).filter(isOurs);

beforeAll(async () => {
  for (const topic of [...RETRIES, DEAD]) await emptied(operator.cluster, topic);
});
afterAll(async () => {
  await treat(letters, { id: "after", action: "drop" });
  await operator.close();
});

describe("odd records of Kafka, read by another client than ours, are byte for byte the same", () => {
  it("at each delivery, in each retry topic and as dead letters", async () => {
    await noted();
    places = await written("user-events", PARTITIONS, records);
    const deliveries: Delivery[] = [];
    const worker = appClient("worker");
    await worker.consume("user-events", (delivery) => {
      deliveries.push(delivery);
      throw new Error("made to fail");
    });
    await eventually("all are dead letters", async () => (await ownLetters()).length === count, 60_000);
    await worker.close();
    for (const [name, { key, value, headers }] of Object.entries(records)) {
      const own = deliveries.filter(({ id }) => id === places[name]);
      expect([name, own.map(({ attempt }) => attempt)]).toEqual([name, [1, 2, 3]]);
      for (const delivery of own) {
        expect(delivery.body.equals(value ?? Buffer.alloc(0)), name).toBe(true);
        expect(delivery.key, name).toBe(key === null ? undefined : textOfBytes(key));
        for (const [header] of headers) expect(Object.keys(delivery.headers), name).toContain(textOfBytes(header));
      }
    }
    for (const topic of [...RETRIES, DEAD]) expect([topic, await found(topic)]).toEqual([topic, []]);
  });

  it("when they are kept as others in front of the last are dropped, and so written again", async () => {
    const [behind] = [before.get(DEAD)!, await noted()];
    await written(DEAD, PARTITIONS, Object.fromEntries([0, 1, 2].map((at) => [`last ${at}`, odds["no key"]!])));
    for await (const batch of letters.take(1_000)) {
      await letters.settle(batch.map((letter) => ({ kind: isOurs(letter) ? "keep" : "drop" })));
    }
    expect(behind).not.toEqual(before.get(DEAD));
    expect(await found(DEAD)).toEqual([]);
    expect((await letters.count()).messages).toBe(count);
  });

  it("when they are copied, as into a topic that replaces another", async () => {
    const copies = "clicks.count.dlt";
    const end = await ends(copies, PARTITIONS);
    const log = { from: DEAD, to: copies, kind: "deadLetters", groupId: "notify" } as const;
    const moving = { deadline: Date.now() + 30_000, stopping: new AbortController().signal, tell: () => {} };
    const access = retries().operator.kafka!;
    expect(await mirrorTopics(access, { logs: [log], groups: [] }, moving)).toEqual({ messages: count, left: [] });
    expect(changed(records, places, await held(copies, PARTITIONS, end))).toEqual([]);
    await configured(copies, "max.message.bytes", "20000");
    const large = new RegExp(
      `^partition \\d offset \\d+ of ${RETRIES[1]} is too large: give ${copies} a larger max.message`,
    );
    const refused = mirrorTopics(access, { logs: [{ ...log, from: RETRIES[1] }], groups: [] }, moving);
    await expect(refused).rejects.toThrow(large);
    await configured(copies, "max.message.bytes", "1114124");
    await emptied(operator.cluster, copies);
  });

  it("when they are redriven", async () => {
    await noted();
    const report = await treat(letters, { id: "odd", action: "redrive", group: "notify" });
    expect(report).toMatchObject({ treated: count, ended: "all" });
    expect(await found(RETRIES[0])).toEqual([]);
    expect((await letters.count()).messages).toBe(0);
    await emptied(operator.cluster, RETRIES[0]);
  });
});
