import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { canaryHeader } from "../../../client/headers.ts";
import type { Delivery } from "../../../client/message.ts";
import { RedisClient } from "../../../client/redis/client.ts";
import { operate } from "../../../client/redis/operator.ts";
import { retries } from "./environment.ts";
import { CRASH_TIMEOUT_MS, fixture, recorder } from "./redis-fixture.ts";
import { entriesOf, fieldOf, INSTANCE, lengthOf, operatorAccess, pendingCount, until } from "./redis-support.ts";

const { server, shop, worker, keep } = fixture();

describe("a consumer group of Redis", () => {
  it("delivers a message once, however long its handler works, and shares the messages out", async () => {
    const seen: string[] = [];
    const handler = async ({ body }: Delivery) => {
      seen.push(body.toString());
      if (body.toString() === "slow") await wait(2 * CRASH_TIMEOUT_MS);
    };
    const other = new RedisClient(retries().apps.worker.redis!, { crashTimeout: CRASH_TIMEOUT_MS });
    const consumers = [worker, other].map((client) =>
      keep(client.consume(`${INSTANCE}/emails`, handler, { concurrency: 1 })),
    );
    const started = await Promise.all(consumers);
    await shop.publish(`${INSTANCE}/emails`, { body: "slow" });
    for (let n = 0; n < 20; n++) await shop.publish(`${INSTANCE}/emails`, { body: `quick ${n}` });
    await until(() => seen.length === 21, "all messages");
    await Promise.all(started.map((consumer) => consumer.stop()));
    await other.close();
    expect(seen.toSorted()).toEqual(["slow", ...Array.from({ length: 20 }, (_, n) => `quick ${n}`)].toSorted());
    expect([await lengthOf(server, "emails"), await server.ask(["XINFO", "CONSUMERS", "emails", "mailer"])]).toEqual([
      0,
      [],
    ]);
  });

  it("keeps what is in hand of one that stops, and gives its messages to nobody else", async () => {
    let finished = 0;
    const handler = async () => {
      await wait(300);
      finished++;
    };
    const consumer = await keep(worker.consume(`${INSTANCE}/emails`, handler, { concurrency: 3 }));
    for (let n = 0; n < 10; n++) await shop.publish(`${INSTANCE}/emails`, { body: `m${n}` });
    await until(async () => (await pendingCount(server, "emails", "mailer")) === 3, "three in hand");
    await consumer.stop();
    expect([finished, await pendingCount(server, "emails", "mailer")]).toEqual([3, 0]);
    const { attempts, handler: rest } = recorder();
    await keep(worker.consume(`${INSTANCE}/emails`, rest));
    await until(() => attempts.size === 7, "the others");
    expect([...attempts.values()].flat().map(({ attempt }) => attempt)).toEqual(Array(7).fill(1));
  });

  it("that is not there is said, and is consumed from as soon as it is", async () => {
    const { attempts, handler } = recorder();
    const errors: string[] = [];
    await server.ask(["XGROUP", "DESTROY", "emails", "mailer"]);
    await expect(worker.consume(`${INSTANCE}/emails`, handler)).rejects.toThrow(
      /no stream emails, or it has no consumer group mailer: run pulumi up --refresh, which makes it$/,
    );
    await server.ask(["XGROUP", "CREATE", "emails", "mailer", "0"]);
    await keep(worker.consume(`${INSTANCE}/emails`, handler, { onError: ({ message }) => errors.push(message) }));
    await server.ask(["XGROUP", "DESTROY", "emails", "mailer"]);
    await until(() => errors.some((message) => message.includes("no consumer group mailer")), "the error");
    await server.ask(["XGROUP", "CREATE", "emails", "mailer", "0"]);
    await shop.publish(`${INSTANCE}/emails`, { body: "m" });
    await until(() => attempts.size === 1, "the message");
  });

  it("reads the entry of a foreign producer as JSON and keeps its fields", async () => {
    const bodies: string[] = [];
    await keep(
      worker.consume(`${INSTANCE}/receipts`, ({ body }) => {
        bodies.push(body.toString());
        throw new Error("no");
      }),
    );
    await server.ask(["XADD", "receipts", "*", "to", "a@example.org", "raw", Buffer.from([0xff, 0x00])]);
    await until(async () => (await lengthOf(server, "receipts.printer.dlq")) === 1, "the dead letter");
    expect(bodies).toEqual([JSON.stringify({ to: "a@example.org", raw: "base64:/wA=" })]);
    const [entry] = await entriesOf(server, "receipts.printer.dlq");
    expect(entry!.fields.slice(0, 2)).toEqual([
      [Buffer.from("to"), Buffer.from("a@example.org")],
      [Buffer.from("raw"), Buffer.from([0xff, 0x00])],
    ]);
  });
});

describe("Pub/Sub of Redis", () => {
  it("reaches those who listen to the channel or to channels that begin like it, after a lost connection too", async () => {
    const heard: string[] = [];
    const listen = (channel: string) =>
      keep(worker.listen(`${INSTANCE}/${channel}`, (name, body) => heard.push(`${channel} ${name} ${body}`)));
    for (const channel of ["order:*", "order:1*", "order:12"]) await listen(channel);
    expect(await shop.broadcast(`${INSTANCE}/order:12`, "a")).toBe(3);
    await until(() => heard.length === 3, "three");
    expect(heard.toSorted()).toEqual(["order:* order:12 a", "order:1* order:12 a", "order:12 order:12 a"]);
    await server.ask(["CLIENT", "KILL", "TYPE", "pubsub"]);
    await until(async () => (await shop.broadcast(`${INSTANCE}/order:2`, "b")) === 2, "subscriptions");
    await until(() => heard.includes("order:* order:2 b"), "the second message");
    expect(heard).not.toContain("order:1* order:2 b");
  });

  it("tells what a handler throws, whatever that is, and goes on", async () => {
    const told: string[] = [];
    const thrown = [new Error("full"), "text", Object.create(null), undefined];
    await keep(
      worker.listen(
        `${INSTANCE}/order:3`,
        (_, body) => {
          // One is thrown, the others are rejections.
          if (String(body) === "0") throw thrown[0];
          return Promise.reject(thrown[Number(body)]);
        },
        { onError: ({ message }) => told.push(message.replace(/^redis \S+ as \S+, /, "")) },
      ),
    );
    for (const at of thrown.keys()) await shop.broadcast(`${INSTANCE}/order:3`, String(at));
    await until(() => told.length === thrown.length, "all four");
    expect(told).toMatchInlineSnapshot(`
      [
        "order:3: a handler failed: full",
        "order:3: a handler failed: text",
        "order:3: a handler failed: [Object: null prototype] {}",
        "order:3: a handler failed: undefined",
      ]
    `);
  });
});

describe("a canary on Redis", () => {
  it("is answered, others are given back as new, and nothing is left", async () => {
    const broker = await operate({ [INSTANCE]: operatorAccess() });
    const letters = broker.deadLetters().find(({ flow }) => flow === "redis/notifications/pushes/phone")!;
    const mark = await letters.mark();
    const canaries: string[] = [];
    const canary = (kind: "good" | "poison") => canaryHeader({ run: "r1", kind, flow: letters.flow });
    await shop.publish(`${INSTANCE}/pushes`, { body: "good foreign" });
    const verifier = await keep(
      worker.consume(`${INSTANCE}/pushes`, () => expect.fail("not a canary"), {
        canariesOnly: ({ body, attempt }) => canaries.push(`${body} ${attempt}`),
      }),
    );
    await shop.publish(`${INSTANCE}/pushes`, { body: "g", headers: canary("good") });
    await shop.publish(`${INSTANCE}/pushes`, { body: "p", headers: canary("poison") });
    await until(async () => (await letters.count()).messages === 1, "the poison canary's end");
    expect(canaries).toEqual(["g 1", "p 1", "p 2", "p 3", "p 4"]);
    expect((await letters.collect("other", mark)).length).toBe(0);
    expect((await letters.collect("r1", mark)).map(({ body }) => body.toString())).toEqual(["p"]);
    await verifier.stop();
    expect(await broker.state(letters.flow)).toEqual({ waiting: 1, consumers: 0, ours: 0 });
    await broker.close();
    expect([await lengthOf(server, "pushes.phone.dlq"), await fieldOf(server, "pushes", "body")]).toEqual([
      0,
      ["good foreign"],
    ]);

    const { attempts, handler } = recorder();
    await keep(worker.consume(`${INSTANCE}/pushes`, handler));
    await until(() => attempts.size === 1, "the foreign message");
    expect(attempts.get("good foreign")!.map(({ attempt }) => attempt)).toEqual([1]);
  });
});
