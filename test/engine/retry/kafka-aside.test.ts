import { randomBytes } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { Admin, Consumer } from "@platformatic/kafka";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { DeadLetters } from "../../../client/deadLetters.ts";
import { committedOffsets } from "../../../client/kafka/offsets.ts";
import { refusalOf } from "../../../client/kafka/refusal.ts";
import { treat } from "../../../client/redrive.ts";
import { retries } from "./environment.ts";
import { changed, configured, ends, held, login, type Odd, written } from "./kafka-odd.ts";
import { appClient, emptied, eventually, operatorClient } from "./kafka-support.ts";

const { cluster, operator, letters: lettersOf, close } = operatorClient();
const noteworthy: Odd = { key: null, value: Buffer.from("lost"), headers: [], codec: "none" };
afterAll(close);

describe("a record that no topic takes, as it is too large", () => {
  const [RETRY, DEAD, PARTITIONS] = ["clicks.bill.retry.8000", "clicks.bill.dlt", 3];
  const letters = lettersOf("kafka/clicks/bill");
  const large: Odd = {
    key: Buffer.from([0xff, 1]),
    value: randomBytes(100_000),
    headers: [
      [Buffer.from("tag"), Buffer.from("a")],
      [Buffer.from("tag"), null],
    ],
    codec: "none",
  };
  const small: Odd = { ...large, value: Buffer.from("small") };

  beforeEach(async () => {
    for (const topic of ["clicks", RETRY, DEAD]) await emptied(cluster, topic);
    return async () => {
      for (const topic of [RETRY, DEAD]) await configured(topic, "max.message.bytes", "1114124");
      for (const topic of ["clicks", RETRY, DEAD]) await emptied(cluster, topic);
    };
  });

  it("is set aside by name, and those behind it go on", async () => {
    for (const topic of [RETRY, DEAD]) await configured(topic, "max.message.bytes", "20000");
    const before = await ends(RETRY, PARTITIONS);
    const errors: string[] = [];
    const handled: string[] = [];
    const billing = appClient("billing");
    const handler = ({ body }: { body: Buffer }) => {
      if (body.length > 1_000) throw new Error("too much to bill");
      handled.push(String(body));
    };
    await billing.consume("clicks", handler, { onError: ({ message }) => void errors.push(message) });
    const [places, next] = [await written("clicks", 1, { large }), await written("clicks", 1, { small })];
    await eventually("the one behind was handled", () => handled.length === 1, 20_000);
    await billing.close();
    const place = places.large!;
    const offset = place.split("/")[2];
    const [letter, ...others] = await letters.peek(10);
    expect(others).toEqual([]);
    expect([letter!.id, letter!.body.length, letter!.key]).toEqual([place, 0, undefined]);
    expect(letter!.headers).toMatchObject({
      "x-set-aside": place,
      "x-error": "too much to bill",
      "x-origin": "kafka/clicks/bill",
      "x-refusal": `the record is too large for every topic it could go to: it stays in partition 0 of clicks at offset ${offset} for as long as that topic keeps it; its dead letter only points there: Kafka refuses publishing to ${DEAD}: MESSAGE_TOO_LARGE`,
    });
    expect(errors.at(-1)).toBe(letter!.headers["x-refusal"]);
    expect(next.small).toBe(`clicks/0/${Number(offset) + 1}`);

    for (const topic of [RETRY, DEAD]) await configured(topic, "max.message.bytes", "1114124");
    expect(await treat(letters, { id: "aside", action: "redrive", group: "bill" })).toMatchObject({ treated: 1 });
    expect(changed({ large }, places, await held(RETRY, PARTITIONS, before))).toEqual([]);
    expect((await letters.count()).messages).toBe(0);
  });

  it("is set aside by the beginning of its name where that alone is too large, and comes back with all of it", async () => {
    for (const topic of [RETRY, DEAD]) await configured(topic, "max.message.bytes", "100000");
    const name = randomBytes(150_000).toString("base64");
    const before = await ends(RETRY, PARTITIONS);
    const handled: string[] = [];
    const billing = appClient("billing");
    const handler = ({ id, body }: { id: string; body: Buffer }) => {
      handled.push(`${id.length > 100 ? "named" : "small"} ${body}`);
      if (id.length > 100) throw new Error("too long a name to bill");
    };
    await billing.consume("clicks", handler, { onError: () => {} });
    const named: Odd = { ...small, headers: [[Buffer.from("x-message-id"), Buffer.from(name)]] };
    const { named: place } = await written("clicks", 1, { named });
    for (let at = 0; at < 5; at++) await written("clicks", 1, { small });
    await eventually("those behind were handled", () => handled.length >= 6, 20_000);
    await billing.close();
    expect(handled).toEqual(["named small", ...Array.from({ length: 5 }, () => "small small")]);
    const [letter, ...others] = await letters.peek(10);
    expect(others).toEqual([]);
    expect([letter!.id, letter!.headers["x-set-aside"]]).toEqual([name.slice(0, 36), place]);

    for (const topic of [RETRY, DEAD]) await configured(topic, "max.message.bytes", "1114124");
    expect(await treat(letters, { id: "named", action: "redrive", group: "bill" })).toMatchObject({ treated: 1 });
    const back = await held(RETRY, PARTITIONS, before);
    expect(back.map(({ id, key, value }) => [id === name, key, value])).toEqual([[true, small.key, small.value]]);
    expect((await letters.count()).messages).toBe(0);
  });

  it("ends its consumer where not even a note of it is taken, after one try", async () => {
    for (const topic of [RETRY, DEAD]) await configured(topic, "max.message.bytes", "50");
    const billing = appClient("billing");
    const tried: string[] = [];
    const handler = ({ id }: { id: string }) => {
      tried.push(id);
      throw new Error("no room");
    };
    const consumer = await billing.consume("clicks", handler, { onError: () => {} });
    const place = (await written("clicks", 1, { small })).small!;
    const error = await consumer.ended;
    expect(tried).toEqual([place]);
    expect(error?.message).toBe(
      `kafka/clicks/bill: the consumer ended, let ${DEAD} take more (max.message.bytes) and restart it: the record in partition 0 of clicks at offset ${place.split("/")[2]} is too large for every topic it could go to, and so is a note of where it lies: Kafka refuses publishing to ${DEAD}: MESSAGE_TOO_LARGE`,
    );
    for (const topic of [RETRY, DEAD]) await configured(topic, "max.message.bytes", "1114124");
    const again = await billing.consume("clicks", ({ id }) => void tried.push(id), { onError: () => {} });
    await eventually("it is handled when it is there again", () => tried.length === 2, 20_000);
    await again.stop();
    await billing.close();
  });

  it("stays among the dead letters when it cannot be had, and the others are redriven once", async () => {
    const gone = `clicks/0/${(await ends("clicks", 1))[0]! - 1n}`;
    await emptied(cluster, "clicks");
    const before = await ends(RETRY, PARTITIONS);
    const { other } = await written("clicks", 1, { other: small });
    const offset = (place: string) => place.split("/")[2];
    const huge = "9".repeat(30);
    const told = {
      [gone]: `partition 0 of clicks has no record at offset ${offset(gone)} any more`,
      "clicks/99/0": "clicks has no partition 99",
      "clicks/0/999999": "partition 0 of clicks has no record at offset 999999 any more",
      [`clicks/0/${huge}`]: `partition 0 of clicks has no record at offset ${huge} any more`,
      [other!]: `partition 0 of clicks has another record at offset ${offset(other!)}`,
    };
    const places = Object.keys(told);
    for (const place of places) {
      const headers = Object.entries({ "x-message-id": place, "x-origin": "kafka/clicks/bill", "x-set-aside": place });
      await written(DEAD, 1, {
        note: {
          ...small,
          key: null,
          value: null,
          headers: headers.map(([name, value]) => [Buffer.from(name), Buffer.from(value)]),
        },
      });
    }
    // What a producer calls so names what it likes.
    const forged: Odd = { ...small, headers: [[Buffer.from("x-set-aside"), Buffer.from("ledger/0/0")]] };
    for (const record of [small, forged]) await written(DEAD, 1, { record });
    const { treated, refused } = await treat(letters, { id: "gone", action: "redrive", group: "bill" });
    expect(treated).toBe(2);
    expect(refused).toEqual(places.map((id) => ({ id, reason: told[id] })));
    expect((await letters.peek(10)).map(({ headers }) => headers["x-set-aside"])).toEqual(places);
    const back = await held(RETRY, PARTITIONS, before);
    expect(back).toHaveLength(2);
    // Another client than ours gave them no id, so where they lie tells which is which.
    const found = Object.fromEntries(back.map((one) => [one.headers.length === 1 ? "forged" : "small", one.id]));
    expect(changed({ small, forged }, found, back)).toEqual([]);
  });
});

describe("a redrive", () => {
  const refusal = (letters: DeadLetters, othersToo = false) => letters.refusal!({ from: letters.flow, othersToo });
  const protocols = ["classic", "consumer"] as const;

  /** Reads a topic alone with another client than ours, as a member of a group, until it is ended. */
  async function stranger(
    topic: string,
    groupId: string,
    groupProtocol: (typeof protocols)[number],
    use = async (_: Consumer) => {},
  ) {
    const { host, port, sasl } = login();
    const options = { clientId: "other", groupId, groupProtocol, bootstrapBrokers: [{ host, port }], sasl };
    const consumer = new Consumer(options);
    const position = { autocommit: false, mode: "committed", fallbackMode: "latest" } as const;
    const stream = await consumer.consume({ topics: [topic], ...position });
    await use(consumer);
    return async () => {
      await stream.close();
      await consumer.close(true);
    };
  }

  async function groupDeleted(groupId: string) {
    const { host, port, sasl } = login();
    const admin = new Admin({ clientId: "other", bootstrapBrokers: [{ host, port }], sasl });
    await admin.deleteGroups({ groups: [groupId] });
    await admin.close();
  }

  it.each(protocols)("is refused where consumers of others would handle it again (%s)", async (protocol) => {
    const letters = lettersOf("kafka/ledger/book");
    const end = await stranger("ledger", "strange", protocol);
    try {
      expect(await refusal(letters)).toBe(
        "Kafka: group book has no retry topic, so its dead letters go back to topic ledger, which is also read by group strange, with consumers that are not known to pass over what is meant for another group (x-redrive-group): they would handle it again, now or when they start. What helps: give book retry topics (retry.maxAttempts above 1), redrive to another flow (--to), or accept it (--others-too). A group that keeps the contract shows it as soon as it consumes; one that nobody needs can be deleted",
      );
      expect(await refusal(letters, true)).toBeUndefined();
    } finally {
      await end();
    }
    expect(await refusal(letters)).toBeUndefined();
  });

  it.each(protocols)(
    "is refused where a group of others is stopped, and not where one of ours is (%s)",
    async (protocol) => {
      // As of a group without retry topics.
      const own = {
        ...retries().operator.kafka!.deadLetters.find(({ flow }) => flow === "kafka/clicks/bill")!,
        redriveTopic: "clicks",
      };
      const worker = appClient("worker");
      const shop = appClient("shop");
      const handled: string[] = [];
      await worker.consume("clicks", ({ id }) => void handled.push(id), { group: "count" });
      const { id } = await shop.publish("clicks", { body: "x" });
      await eventually("it is handled", () => handled.includes(id), 20_000);
      await Promise.all([worker.close(), shop.close()]);
      expect((await committedOffsets(cluster, "count", ["clicks"])).get("clicks")!.size).toBeGreaterThan(0);
      expect(await refusalOf(cluster, own, false)).toBeUndefined();
      const groupId = `strange-${protocol}`;
      const end = await stranger("clicks", groupId, protocol, async (consumer) => {
        await consumer.commit({ offsets: [{ topic: "clicks", partition: 0, offset: 0n, leaderEpoch: 0 }] });
      });
      await end();
      try {
        expect(await refusalOf(cluster, own, false)).toContain(
          `topic clicks, which is also read by group ${groupId}, with`,
        );
      } finally {
        await groupDeleted(groupId);
      }
      expect(await refusalOf(cluster, own, false)).toBeUndefined();
    },
  );

  it.each(protocols)("is refused where members of the group read the work topic alone (%s)", async (protocol) => {
    const letters = lettersOf("kafka/user-events/notify");
    expect(await refusal(letters)).toBeUndefined();
    const end = await stranger("user-events", "notify", protocol);
    try {
      expect(await refusal(letters)).toBe(
        "Kafka: no member of group notify (it has 1) reads user-events.notify.retry.1000, where its dead letters go back to: let them read that topic too, or stop them: what is put there waits for a member that reads it",
      );
      expect(await operator.state("user-events/notify")).toMatchObject({ consumers: 1, ours: 0 });
    } finally {
      await end();
    }
    const worker = appClient("worker");
    await worker.consume("user-events", () => {});
    expect(await refusal(letters)).toBeUndefined();
    expect(await operator.state("user-events/notify")).toMatchObject({ consumers: 1, ours: 1 });
    await worker.close();
  });

  it("is refused into a retry topic that somebody made a compacted one", async () => {
    const letters = lettersOf("kafka/user-events/notify");
    await configured("user-events.notify.retry.1000", "cleanup.policy", "compact");
    try {
      expect(await refusal(letters)).toMatchInlineSnapshot(
        `"Kafka: the dead letters of group notify go back to user-events.notify.retry.1000, and its cleanup.policy was changed to compact: of two with one key, compaction would delete the first. Set it back: pulumi up --refresh"`,
      );
    } finally {
      await configured("user-events.notify.retry.1000", "cleanup.policy", "delete");
    }
    expect(await refusal(letters)).toBeUndefined();
  });

  it("is refused into a compacted topic that others read", async () => {
    const letters = lettersOf("kafka/ledger/book");
    expect(await refusal(letters)).toBeUndefined();
    await configured("ledger", "cleanup.policy", "compact,delete");
    try {
      expect(await refusal(letters)).toMatchInlineSnapshot(
        `"Kafka: group book has no retry topic, so its dead letters go back to topic ledger, which all its groups read, and its cleanup.policy is compact,delete: an old record would become the last one of its key, and compaction delete the newer one. Redrive to another flow (--to), or publish again what is still true"`,
      );
    } finally {
      await configured("ledger", "cleanup.policy", "delete");
    }
  });
});

describe("records that were deleted before their group read them", () => {
  it("are told of, with how many there were", async () => {
    const worker = appClient("worker");
    // A group without a position begins at what is left.
    const { one } = await written("user-events", 1, { one: noteworthy });
    const read: string[] = [];
    const before = await worker.consume("user-events", ({ id }) => void read.push(id));
    await eventually("the group has a position", () => read.includes(one!), 20_000);
    await before.stop();
    const [from] = await ends("user-events", 1);
    const lost = Object.fromEntries([0, 1, 2].map((at) => [`lost ${at}`, noteworthy]));
    await written("user-events", 1, lost);
    await emptied(cluster, "user-events");
    const errors: string[] = [];
    await worker.consume("user-events", () => {}, { onError: ({ message }) => void errors.push(message) });
    const range = `from offset ${from} to ${from! + 2n} (3 at most)`;
    const told = `Kafka: the records of partition 0 of user-events ${range} were deleted before they were read; reading on from ${from! + 3n}`;
    await eventually("it is told", () => errors.includes(told), 10_000);
    await worker.close();
  });
});

describe("a consumer that stops", () => {
  it("finishes what is in hand alone, and gives back the rest at once", async () => {
    const shop = appClient("shop");
    const ids: string[] = [];
    for (let at = 0; at < 20; at++) ids.push((await shop.publish("user-events", { body: `m${at}`, key: "one" })).id);
    const seen: string[] = [];
    const worker = appClient("worker");
    const slow = async ({ id }: { id: string }) => {
      if (ids.includes(id)) seen.push(id);
      await wait(300);
    };
    const first = await worker.consume("user-events", slow);
    await eventually("the first is in hand", () => seen.length > 0, 20_000);
    const started = Date.now();
    await first.stop();
    expect(Date.now() - started).toBeLessThan(1_500);
    expect(seen.length).toBeLessThanOrEqual(2);
    await worker.consume("user-events", ({ id }) => void (ids.includes(id) && seen.push(id)));
    await eventually("all are handled", () => seen.length >= ids.length, 20_000);
    await Promise.all([worker.close(), shop.close()]);
    expect(seen).toEqual(ids);
  });
});
