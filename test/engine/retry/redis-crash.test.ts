import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { RedisClient } from "../../../client/redis/client.ts";
import { retries, times } from "./environment.ts";
import {
  administrator,
  child,
  fieldOf,
  INSTANCE,
  killed,
  lengthOf,
  pendingCount,
  reset,
  until,
} from "./redis-support.ts";

const { apps, killAndRestart } = retries();
const server = administrator();
const folder = mkdtempSync(join(tmpdir(), "redis-crash-"));
const clients: RedisClient[] = [];
const client = (app: "shop" | "worker" | "billing") => {
  const made = new RedisClient(apps[app].redis!, { crashTimeout: 1_000 });
  clients.push(made);
  return made;
};

beforeEach(() => reset(server));
afterEach(async () => {
  await Promise.all(clients.splice(0).map((made) => made.close()));
});
afterAll(async () => {
  await reset(server);
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

const linesOf = (file: string): string[] => {
  try {
    return readFileSync(file, "utf8").split("\n").filter(Boolean);
  } catch {
    return [];
  }
};

/** Publishes numbered messages until it is stopped; gives back those that were confirmed, with the time of it. */
function traffic(publish: (body: string) => Promise<unknown>) {
  const confirmed = new Map<string, number>();
  let failed = 0;
  let on = true;
  const ended = (async () => {
    for (let n = 0; on; n++) {
      await publish(`m${n}`).then(
        () => confirmed.set(`m${n}`, Date.now()),
        () => failed++,
      );
      await wait(4);
    }
  })();
  return {
    confirmed,
    async stop() {
      on = false;
      await ended;
      return { confirmed, failed };
    },
  };
}

const duplicatesIn = (lines: readonly string[]): number => lines.length - new Set(lines).size;

describe("a consumer of Redis that is killed", () => {
  it("loses nothing that was confirmed, and each kill delivers one message twice at most", async () => {
    const kills = times("RETRY_KILLS", 15);
    const file = join(folder, "handled");
    const shop = client("shop");
    const flowing = traffic((body) => shop.publish(`${INSTANCE}/emails`, { body }));
    let hits = 0;
    for (let kill = 0; kill < kills; kill++) {
      const before = linesOf(file).length;
      const consumer = await child("consume", file);
      await wait(Math.random() * 400);
      const interrupted = await killed(consumer);
      if (interrupted && linesOf(file).length > before) hits++;
    }
    expect(hits, "kills of one that was at work").toBeGreaterThan(kills / 3);
    const { confirmed } = await flowing.stop();
    const last = await child("consume", file);
    await until(
      async () => (await pendingCount(server, "emails", "mailer")) === 0 && (await lengthOf(server, "emails")) === 0,
      "all answered and trimmed",
      120_000,
    );
    await killed(last);
    const handled = linesOf(file);
    const dead = await fieldOf(server, "emails.mailer.dlq", "body");
    const reached = new Set([...handled, ...dead]);
    const lost = [...confirmed.keys()].filter((body) => !reached.has(body));
    const duplicates = duplicatesIn(handled);
    console.log(
      `redis: ${kills} kills, ${confirmed.size} confirmed, ${lost.length} lost, ${dead.length} dead letters, ${duplicates} handled twice`,
    );
    expect(lost).toEqual([]);
    expect(duplicates).toBeLessThanOrEqual(kills);
  });

  it("that acknowledges before it handles loses some, so the test above can tell", async () => {
    const file = join(folder, "careless");
    const billing = client("billing");
    const flowing = traffic((body) => billing.publish(`${INSTANCE}/receipts`, { body }));
    for (let kill = 0; kill < 5; kill++) {
      await wait(100);
      const consumer = await child("careless", file);
      await wait(20 + Math.random() * 50);
      await killed(consumer);
    }
    const { confirmed } = await flowing.stop();
    const before = linesOf(file).length;
    const last = await child("careless", file);
    const final = [...confirmed.keys()].at(-1)!;
    await until(() => linesOf(file).includes(final), "the last message");
    await killed(last);
    const handled = new Set(linesOf(file));
    const lost = [...confirmed.keys()].filter((body) => !handled.has(body));
    console.log(
      `redis, the control: 5 kills, ${confirmed.size} confirmed, ${before} handled before the end, ${lost.length} lost`,
    );
    expect(lost.length).toBeGreaterThan(0);
  });

  it("by a message that kills every time ends in the dead letters", async () => {
    const file = join(folder, "crashes");
    await client("shop").publish(`${INSTANCE}/emails`, { body: "killer" });
    const answered = async () =>
      (await lengthOf(server, "emails.mailer.dlq")) > 0 && (await pendingCount(server, "emails", "mailer")) === 0;
    let deaths = 0;
    while (!(await answered())) {
      const consumer = await child("crash", file);
      await until(async () => consumer.signalCode !== null || (await answered()), "a death or the end");
      if (consumer.signalCode !== null) deaths++;
      await killed(consumer);
    }
    expect([deaths, linesOf(file)]).toEqual([3, ["1", "2", "3"]]);
    expect(await fieldOf(server, "emails.mailer.dlq", "x-error")).toEqual([
      "none of 3 deliveries was answered: its consumers ended or stood still",
    ]);
  });
});

describe("a redrive on Redis that is killed", () => {
  const work = "pushes";
  const dead = "pushes.phone.dlq";
  const total = 3_000;
  const bodies = Array.from({ length: total }, (_, n) => `d${n}`);

  const fill = async () => {
    await reset(server);
    await Promise.all(bodies.map((body) => server.ask(["XADD", dead, "*", "body", body, "x-consumer", "phone"])));
  };
  beforeEach(fill);
  const all = async () =>
    [...(await fieldOf(server, work, "body")), ...(await fieldOf(server, dead, "body"))].toSorted();

  it("leaves every message in one of the two streams, once", async () => {
    const kills = times("RETRY_REDRIVE_KILLS", 8);
    let between = 0;
    for (let kill = 0; kill < kills; kill++) {
      const before = await lengthOf(server, work);
      const enough = before + Math.random() * (total - before);
      const redrive = await child("redrive", join(folder, "redrives"));
      await until(async () => (await lengthOf(server, work)) > enough, "the moment of the kill");
      await wait(Math.random() * 5);
      await killed(redrive);
      const redriven = await lengthOf(server, work);
      expect(redriven + (await lengthOf(server, dead))).toBe(total);
      if (redriven < total) between++;
      // A kill after the last of them proves nothing, nor does one when they are few.
      if (redriven > total - 100) await fill();
    }
    expect(between).toBeGreaterThan(0);
    expect(await all()).toEqual(bodies.toSorted());
    console.log(
      `redis: ${kills} kills of a redrive of ${total}, ${between} of them before its end, none lost, none twice`,
    );
  });

  it("and two at once move each message once", async () => {
    const file = join(folder, "two");
    await Promise.all([child("redrive", file), child("redrive", file)]);
    await until(() => linesOf(file).length === 2, "both ends");
    expect(
      linesOf(file)
        .map(Number)
        .toSorted((a, b) => a - b),
    ).toEqual([0, total]);
    expect(await fieldOf(server, work, "body")).toEqual(bodies);
    expect(new Set(await fieldOf(server, work, "x-redrive-group"))).toEqual(new Set(["phone"]));
  });
});

describe("a server of Redis that is killed under traffic", () => {
  it("has every confirmed message when it is back, but for those of its last two seconds where the disk is slow", async () => {
    const kills = times("RETRY_SERVER_KILLS", 3);
    const shop = client("shop");
    const handled: string[] = [];
    await client("worker").consume(`${INSTANCE}/emails`, ({ body }) => void handled.push(body.toString()));
    const flowing = traffic((body) => shop.publish(`${INSTANCE}/emails`, { body }));
    const moments: number[] = [];
    for (let kill = 0; kill < kills; kill++) {
      await wait(1_000 + Math.random() * 1_000);
      moments.push(Date.now());
      await killAndRestart("redis-notifications");
    }
    await wait(1_000);
    const { confirmed, failed } = await flowing.stop();
    await until(
      async () => (await pendingCount(server, "emails", "mailer")) === 0 && (await lengthOf(server, "emails")) === 0,
      "all answered and trimmed",
    );
    const reached = new Set([...handled, ...(await fieldOf(server, "emails.mailer.dlq", "body"))]);
    const lost = [...confirmed].filter(([body]) => !reached.has(body));
    console.log(
      `redis: ${kills} kills of the server, ${confirmed.size} confirmed, ${failed} refused, ${lost.length} lost, ${duplicatesIn(handled)} handled twice`,
    );
    // appendfsync everysec: while the disk is busy with the last second, the server keeps up to two more in its own memory.
    expect(lost.filter(([, at]) => !moments.some((moment) => at >= moment - 2_000 && at <= moment + 1_000))).toEqual(
      [],
    );
  });
});
