import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { HEADERS } from "../../../client/headers.ts";
import { openCluster } from "../../../client/kafka/cluster.ts";
import { producer } from "../../../client/kafka/producer.ts";
import { rawOf } from "../../../client/kafka/records.ts";
import { ConnectionError } from "../../../client/message.ts";
import { retries, times } from "./environment.ts";
import {
  allOf,
  appClient,
  type Child,
  child,
  emptied,
  endChildren,
  eventually,
  operatorClient,
  recordsIn,
} from "./kafka-support.ts";

const KILLS = times("RETRY_KILLS", 15);
const REDRIVE_KILLS = times("RETRY_REDRIVE_KILLS", 8);
const RESTARTS = times("RETRY_RESTARTS", 2);

const FLOW = "kafka/user-events/notify";
const { cluster, letters, close } = operatorClient();
const own = retries().operator.kafka!.deadLetters.find(({ flow }) => flow === FLOW)!;

beforeEach(async () => {
  await emptied(cluster, own.deadLetterTopic);
  await emptied(cluster, own.redriveTopic);
});

afterAll(close);
afterEach(endChildren);

/**
 * Publishes, about forty a second while fewer than 200 are unhandled, until it is stopped; says what was confirmed. A failed one is
 * published again under its id.
 */
function traffic(poisonShare: number, handled: () => number) {
  const shop = appClient("shop");
  const confirmed = new Set<string>();
  let going = true;
  let failures = 0;
  const running = (async () => {
    for (let number = 0; going; number++) {
      const id = crypto.randomUUID();
      const message = { id, body: Math.random() < poisonShare ? "poison" : "good", key: `key ${number % 17}` };
      for (;;) {
        try {
          await shop.publish("user-events", message);
          break;
        } catch (error) {
          if (!(error instanceof ConnectionError)) throw error;
          failures++;
        }
      }
      confirmed.add(id);
      do await wait(25);
      while (going && confirmed.size * (1 - poisonShare) - handled() > 200);
    }
  })();
  return {
    confirmed,
    failures: () => failures,
    async stop() {
      going = false;
      await running;
      await shop.close();
    },
  };
}

const handledBy = (children: readonly Child[]): string[] =>
  children.flatMap(({ lines }) => lines.flatMap((line) => (line.startsWith("handled ") ? [line.slice(8)] : [])));

const repeated = (ids: readonly string[]): number => ids.length - new Set(ids).size;

/** Kills a consumer under traffic at random points of its work, one after the other, and lets the last one finish. */
async function killedOften(role: "consume" | "careless", kills: number) {
  const children: Child[] = [];
  const publishing = traffic(0.05, () => handledBy(children).length);
  for (let killed = 0; killed < kills; killed++) {
    const consumer = child(role);
    children.push(consumer);
    await eventually(`consumer ${killed} handles something`, () => handledBy([consumer]).length > 0);
    await wait(Math.random() * 1_000);
    await consumer.kill();
  }
  await publishing.stop();
  const last = child(role);
  children.push(last);
  const { operator } = operatorClient();
  await eventually("nothing waits", async () => (await operator.state(FLOW)).waiting === 0, 120_000);
  await wait(500);
  await last.kill();
  await operator.close();
  const handled = handledBy(children);
  const dead = (await allOf(letters(FLOW))).map(({ id }) => id);
  const ended = new Set([...handled, ...dead]);
  const lost = [...publishing.confirmed].filter((id) => !ended.has(id));
  return { confirmed: publishing.confirmed.size, handled, dead, lost };
}

describe("Kafka", () => {
  it("loses no confirmed record when its consumer is killed, and duplicates at most one a kill", async () => {
    const { confirmed, handled, dead, lost } = await killedOften("consume", KILLS);
    const duplicates = repeated(handled) + repeated(dead);
    console.log(
      `${KILLS} kills of a consumer: ${confirmed} confirmed, ${lost.length} lost, ${repeated(handled)} handled twice, ${repeated(dead)} of ${dead.length} dead letters twice`,
    );
    expect(lost).toEqual([]);
    expect(duplicates).toBeLessThanOrEqual(KILLS);
  });

  it("loses records of a consumer that acknowledges before it has handled", async () => {
    const { confirmed, lost } = await killedOften("careless", 3);
    console.log(`3 kills of a careless consumer: ${confirmed} confirmed, ${lost.length} lost`);
    expect(lost.length).toBeGreaterThan(0);
  });

  it("loses no dead letter when a redrive is killed, and two at once lose none either", async () => {
    const perKill = 300;
    const ids = Array.from({ length: perKill * REDRIVE_KILLS }, (_, number) => `letter-${number}`);
    const filling = openCluster(retries().operator.kafka!, "messaging-test");
    const { send } = producer(filling);
    const headers = { [HEADERS.attempt]: "3", [HEADERS.consumer]: "notify" };
    await Promise.all(
      ids.map((id) =>
        send({
          topic: own.deadLetterTopic,
          key: Buffer.from(id),
          value: Buffer.from(id),
          rawHeaders: rawOf({ ...headers, [HEADERS.id]: id }),
        }),
      ),
    );
    await filling.close();

    const idsIn = async (topic: string) =>
      (await recordsIn(cluster, topic)).map((record) => record.headers[HEADERS.id]!);
    for (let killed = 0; killed < REDRIVE_KILLS; killed++) {
      const redrive = child("redrive");
      await eventually("it has taken some", () => redrive.lines.includes("taken"));
      await wait(Math.random() * 500);
      await redrive.kill();
    }
    const [back, left] = [await idsIn(own.redriveTopic), await idsIn(own.deadLetterTopic)];
    const twice = back.length + left.length - new Set([...back, ...left]).size;
    console.log(
      `${REDRIVE_KILLS} kills of a redrive: ${ids.length} before, ${back.length} redriven, ${left.length} left, ${twice} twice`,
    );
    expect([...new Set([...back, ...left])].sort()).toEqual([...ids].sort());
    // A batch of 20 in hand, and those of up to 100 that it keeps and writes again.
    expect(twice).toBeLessThanOrEqual(REDRIVE_KILLS * 120);
    expect(left.length).toBeGreaterThan(0);

    const both = [child("redrive"), child("redrive")];
    expect(await Promise.all(both.map(({ ended }) => ended))).toEqual([0, 0]);
    // The other one waits, and where that takes longer than 10 s it is told so.
    expect(both.some(({ lines }) => lines.includes("taken"))).toBe(true);
    expect(both.filter(({ lines }) => lines.includes("held")).length).toBeLessThanOrEqual(1);
    const [backAtLast, kept] = [await idsIn(own.redriveTopic), await idsIn(own.deadLetterTopic)];
    expect([...new Set([...backAtLast, ...kept])].sort()).toEqual([...ids].sort());
    expect([...new Set(kept)].every((id) => id.endsWith("0"))).toBe(true);
    expect(backAtLast.length + kept.length - ids.length).toBeLessThanOrEqual(twice);
  });

  it("loses no confirmed record when the broker is killed and started again", async () => {
    const handled: string[] = [];
    const publishing = traffic(0.05, () => handled.length);
    // The usual one: a broker that starts again counts from before it can be reached.
    const worker = appClient("worker", 10_000);
    await worker.consume("user-events", ({ id, body }) => {
      if (body.toString() === "poison") throw new TypeError("poison");
      handled.push(id);
    });
    for (let restart = 0; restart < RESTARTS; restart++) {
      const before = publishing.confirmed.size;
      await eventually("there is traffic", () => publishing.confirmed.size > before + 100);
      await retries().killAndRestart("kafka", 500);
    }
    const before = publishing.confirmed.size;
    await eventually("there is traffic again", () => publishing.confirmed.size > before + 100);
    await publishing.stop();
    const { operator } = operatorClient();
    await eventually("nothing waits", async () => (await operator.state(FLOW)).waiting === 0);
    await worker.close();
    await operator.close();
    const dead = (await allOf(letters(FLOW))).map(({ id }) => id).filter((id) => publishing.confirmed.has(id));
    const ended = new Set([...handled, ...dead]);
    const lost = [...publishing.confirmed].filter((id) => !ended.has(id));
    // What an earlier test deleted less than a minute before a crash is there again.
    const own = handled.filter((id) => publishing.confirmed.has(id));
    console.log(
      `${RESTARTS} kills of the broker: ${publishing.confirmed.size} confirmed, ${publishing.failures()} published again, ${lost.length} lost, ${repeated(own)} handled twice, ${repeated(dead)} of ${dead.length} dead letters twice`,
    );
    expect(lost).toEqual([]);
  });
});
