import { randomUUID } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Client, connect } from "../../../client/client.ts";
import { redrivenHeaders } from "../../../client/headers.ts";
import { connectionTo } from "../../../client/sqs/api.ts";
import { sendAll } from "../../../client/sqs/batches.ts";
import { toEntry } from "../../../client/sqs/envelope.ts";
import { retries, times } from "./environment.ts";
import { type Child, child, drained, idsOf, operatorOf, purge, repeated, until } from "./sqs-tools.ts";

const KILLS = times("RETRY_KILLS", 15);
const REDRIVE_KILLS = times("RETRY_REDRIVE_KILLS", 8);
const BROKER_KILLS = times("RETRY_BROKER_KILLS", 2);

const clients: Client[] = [];
const as = (app: "shop" | "worker"): Client => {
  const client = connect(retries().apps[app]);
  clients.push(client);
  return client;
};

beforeEach(purge);
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()));
});

/** Publishes a message every so many milliseconds until it is stopped; gives the ids that SQS confirmed. */
function stream(milliseconds: number) {
  const shop = as("shop");
  const confirmed: string[] = [];
  let stopped = false;
  const running = (async () => {
    while (!stopped) {
      const id = randomUUID();
      // Under the same id again until it is confirmed.
      while (
        !(await shop.publish("sqs/payments", { body: id, id }).then(
          () => true,
          () => stopped,
        ))
      )
        await wait(100);
      if (!stopped) confirmed.push(id);
      await wait(milliseconds);
    }
  })();
  return {
    confirmed,
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}

/** Handles all that is left, and gives the ids of it and of what is dead-lettered. */
async function leftovers(): Promise<{ handled: string[]; dead: string[] }> {
  const handled: string[] = [];
  const { broker, letters } = operatorOf("payments");
  const consumer = await as("worker").consume("sqs/payments", ({ body }) => {
    handled.push(body.toString());
  });
  await until("nothing waits", async () => (await broker.state("sqs/payments")).waiting === 0, 600_000);
  await consumer.stop();
  const dead = (await drained(letters)).map(({ body }) => body.toString());
  await broker.close();
  return { handled, dead };
}

/** Starts children one after the other and kills each at a random point. */
async function killed(kills: number, start: () => Child): Promise<Child[]> {
  const children: Child[] = [];
  for (let n = 0; n < kills; n++) {
    const one = start();
    children.push(one);
    await one.told("ready");
    await wait(200 + Math.random() * 500);
    await one.kill();
  }
  return children;
}

describe("consumers on SQS that are killed", () => {
  it("lose nothing that was confirmed, and one message a kill at most is handled again", async () => {
    const { confirmed, stop } = stream(60);
    const children = await killed(KILLS, () => child("consume", "payments", "10"));
    const hits = children.filter((one) => idsOf([one], "handled").length > 0).length;
    expect(hits, "kills of one that was at work").toBeGreaterThan(KILLS / 3);
    await stop();
    const { handled, dead } = await leftovers();
    const all = [...idsOf(children, "handled"), ...handled];
    const lost = confirmed.filter((id) => !all.includes(id) && !dead.includes(id));
    console.log(
      `sqs: ${KILLS} kills, ${confirmed.length} confirmed, ${lost.length} lost, ${repeated(all)} handled again, ${dead.length} dead-lettered`,
    );
    expect(lost).toEqual([]);
    expect(confirmed.length).toBeGreaterThan(KILLS * 5);
    expect(repeated(all)).toBeLessThanOrEqual(KILLS);
  });

  it("lose messages where they are deleted before they are handled", async () => {
    const { confirmed, stop } = stream(60);
    const children = await killed(8, () => child("ackFirst", "payments", "200"));
    await stop();
    const { handled, dead } = await leftovers();
    const all = [...idsOf(children, "handled"), ...handled, ...dead];
    const lost = confirmed.filter((id) => !all.includes(id));
    console.log(`sqs, deleted first: 8 kills, ${confirmed.length} confirmed, ${lost.length} lost`);
    expect(lost.length).toBeGreaterThan(0);
  });
});

describe("a redrive on SQS", () => {
  it("that is killed, and two at once, lose nothing and repeat a batch at most", async () => {
    const { sqs: access } = retries().operator;
    const { deadLetterQueueUrl } = access!.deadLetters.find(({ flow }) => flow === "sqs/payments")!;
    const sqs = connectionTo(access!);
    const ids = Array.from({ length: REDRIVE_KILLS * 150 }, () => randomUUID());
    await sendAll(
      sqs,
      deadLetterQueueUrl,
      ids.map((id) => toEntry({ body: id }, id, new Date())),
    );
    sqs.destroy();

    const started = Date.now();
    const children = await killed(REDRIVE_KILLS, () => child("redrive", "payments"));
    const { broker, letters } = operatorOf("payments");
    const remaining = (await letters.count()).messages;
    const { waiting } = await broker.state("sqs/payments");
    console.log(
      `sqs: ${REDRIVE_KILLS} kills in ${Date.now() - started} ms, ${ids.length} before = ${waiting} redriven + ${remaining}`,
    );
    expect(remaining).toBeGreaterThan(0);
    // One batch of each killed redrive may be sent and not deleted.
    expect(waiting + remaining - ids.length).toBeGreaterThanOrEqual(0);
    expect(waiting + remaining - ids.length).toBeLessThanOrEqual(50 * children.length);

    const two = [operatorOf("payments"), operatorOf("payments")];
    const counts = await Promise.all(
      two.map(async ({ letters: mine }) => {
        let count = 0;
        for await (const batch of mine.take(20)) {
          await mine.settle(
            batch.map(({ headers }) => ({ kind: "redrive", headers: redrivenHeaders(headers, "two") })),
          );
          count += batch.length;
        }
        return count;
      }),
    );
    await Promise.all([broker, ...two.map(({ broker: mine }) => mine)].map((one) => one.close()));
    const { handled, dead } = await leftovers();
    console.log(`sqs: two at once redrove ${counts.join(" and ")}; ${repeated(handled)} were redriven twice in all`);
    expect(dead).toEqual([]);
    expect([...new Set(handled)].sort()).toEqual([...ids].sort());
    // Tried again within five minutes, SQS itself adds nothing.
    expect(repeated(handled)).toBe(0);
  });
});

describe("SQS's container", () => {
  it("loses nothing that it confirmed when it is killed under traffic", async () => {
    const handled: string[] = [];
    await as("worker").consume("sqs/payments", ({ body }) => {
      handled.push(body.toString());
    });
    const streams = Array.from({ length: 5 }, () => stream(20));
    for (let n = 0; n < BROKER_KILLS; n++) {
      const before = handled.length;
      await until("messages flow", () => handled.length > before + 50);
      await retries().killAndRestart("localstack");
    }
    const before = handled.length;
    await until("messages flow again", () => handled.length > before + 50);
    await Promise.all(streams.map(({ stop }) => stop()));
    const confirmed = streams.flatMap((one) => one.confirmed);
    const rest = await leftovers();
    const all = [...handled, ...rest.handled, ...rest.dead];
    const lost = confirmed.filter((id) => !all.includes(id));
    console.log(
      `sqs: ${BROKER_KILLS} kills of the container, ${confirmed.length} confirmed, ${lost.length} lost, ${repeated(all)} handled again`,
    );
    expect(lost).toEqual([]);
  });
});
