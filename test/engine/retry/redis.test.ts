import { setTimeout as wait } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { RefusedError } from "../../../client/message.ts";
import { operate } from "../../../client/redis/operator.ts";
import { times } from "./environment.ts";
import { median } from "./lateness.ts";
import { fixture, recorder } from "./redis-fixture.ts";
import { distribution, fieldOf, INSTANCE, lengthOf, operatorAccess, pendingCount, until } from "./redis-support.ts";

const { server, shop, worker, billing, keep } = fixture();

const flows = () => [
  { producer: shop, consumer: worker, stream: "emails", group: "mailer", delays: [1000, 2000] },
  { producer: shop, consumer: worker, stream: "pushes", group: "phone", delays: [500, 500, 500] },
  { producer: shop, consumer: billing, stream: "pushes", group: "tablet", delays: [8000] },
  { producer: billing, consumer: worker, stream: "receipts", group: "printer", delays: [] },
];

describe("a poison message of Redis", () => {
  it("is delivered as often as the skill says, each time after its delay, and ends once in the dead letters", async () => {
    const runs = times("RETRY_RUNS", 20);
    const late: Record<number, number[]> = {};
    const goodLatency: number[] = [];
    const begun = new Map<string, number>();
    const errors: Error[] = [];
    const watched = await Promise.all(
      flows().map(async (flow) => {
        const record = recorder();
        const onError = (error: Error) => errors.push(error);
        await keep(flow.consumer.consume(`${INSTANCE}/${flow.stream}`, record.handler, { group: flow.group, onError }));
        return { ...flow, record };
      }),
    );
    const streams = new Map(flows().map(({ stream, producer }) => [stream, producer]));
    for (let run = 0; run < runs; run++) {
      for (const [stream, producer] of streams) {
        await producer.publish(`${INSTANCE}/${stream}`, { body: `poison ${run}`, headers: { run: String(run) } });
        begun.set(`${stream} ${run}`, Date.now());
        await producer.publish(`${INSTANCE}/${stream}`, { body: `good ${run}` });
      }
      await wait(50);
    }
    for (const { stream, group, delays, record } of watched) {
      await until(async () => (await lengthOf(server, `${stream}.${group}.dlq`)) >= runs, `dead letters of ${group}`);
      for (let run = 0; run < runs; run++) {
        const seen = record.attempts.get(`poison ${run}`)!;
        expect(seen.map(({ attempt }) => attempt)).toEqual([...delays.map((_, index) => index + 1), delays.length + 1]);
        record.delays(`poison ${run}`).forEach((delay, index) => {
          const wanted = delays[index]!;
          expect(delay).toBeGreaterThanOrEqual(wanted);
          late[wanted] = [...(late[wanted] ?? []), delay - wanted];
        });
        const good = record.attempts.get(`good ${run}`)!;
        expect(good).toHaveLength(1);
        goodLatency.push(good[0]!.at - begun.get(`${stream} ${run}`)!);
      }
      const bodies = await fieldOf(server, `${stream}.${group}.dlq`, "body");
      expect(bodies.toSorted()).toEqual(Array.from({ length: runs }, (_, run) => `poison ${run}`).toSorted());
    }
    for (const values of Object.values(late)) expect(median(values)).toBeLessThanOrEqual(1000);
    for (const [delay, values] of Object.entries(late))
      console.log(`redis: ms after ${delay} ms: ${distribution(values)}`);
    console.log(`redis: ms until a good message behind a poison one: ${distribution(goodLatency)}`);
    expect(median(goodLatency)).toBeLessThan(Math.min(...Object.keys(late).map(Number)));
    expect(errors).toEqual([]);
  });

  it("tells in its dead letter what went wrong, where and when", async () => {
    const { handler } = recorder();
    await keep(worker.consume(`${INSTANCE}/receipts`, handler));
    const { id } = await billing.publish(`${INSTANCE}/receipts`, {
      body: "poison",
      key: "k",
      headers: { tenant: "ü" },
    });
    await until(async () => (await lengthOf(server, "receipts.printer.dlq")) === 1, "a dead letter");
    const broker = await operate({ [INSTANCE]: operatorAccess() });
    const letters = broker.deadLetters().find(({ flow }) => flow.endsWith("printer"))!;
    const [letter] = await letters.peek(10);
    expect(await letters.count()).toEqual({ messages: 1, oldest: letter!.at });
    await broker.close();
    expect(letter).toMatchObject({ id, key: "k", body: Buffer.from("poison") });
    expect(letter!.headers).toMatchObject({
      tenant: "ü",
      "x-message-id": id,
      "x-key": "k",
      "x-attempt": "1",
      "x-error": "cannot take poison",
      "x-error-name": "RangeError",
      "x-error-stack": expect.stringContaining("redis-fixture.ts"),
      "x-origin": "redis/notifications/receipts/printer",
      "x-origin-position": expect.stringMatching(/^entry \d+-\d+$/),
      "x-consumer": "printer",
      "x-failures": expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      "x-published-at": expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    });
  });

  it("waits for a short delay no longer where many wait for a longer one", async () => {
    const { attempts, handler, delays } = recorder();
    await keep(worker.consume(`${INSTANCE}/emails`, handler));
    for (let n = 0; n < 200; n++) await shop.publish(`${INSTANCE}/emails`, { body: `poison long ${n}` });
    await until(() => (attempts.get("poison long 199")?.length ?? 0) === 2, "the second deliveries");
    await shop.publish(`${INSTANCE}/emails`, { body: "poison short" });
    await until(() => attempts.get("poison short")?.length === 2, "the second delivery of the short one");
    expect(attempts.get("poison long 199")).toHaveLength(2);
    const [short] = delays("poison short");
    expect(short).toBeGreaterThanOrEqual(1000);
    expect(short).toBeLessThanOrEqual(2000);
    console.log(`redis: 1,000 ms behind 200 that wait for 2,000 ms: ${short} ms`);
    await until(async () => (await lengthOf(server, "emails.mailer.dlq")) === 201, "all dead letters");
  });
});

describe("a stream of Redis", () => {
  it("keeps what a group has not acknowledged, and nothing that all have", async () => {
    const record = recorder();
    for (let n = 0; n < 300; n++) await shop.publish(`${INSTANCE}/pushes`, { body: `good ${n}` });
    const phone = await keep(worker.consume(`${INSTANCE}/pushes`, record.handler));
    await until(() => record.attempts.size === 300, "all messages");
    await phone.stop();
    expect([await lengthOf(server, "pushes"), await pendingCount(server, "pushes", "phone")]).toEqual([300, 0]);

    let released = () => {};
    const held = new Promise<void>((resolve) => {
      released = resolve;
    });
    let handled = 0;
    const tablet = await keep(
      billing.consume(`${INSTANCE}/pushes`, async ({ body }) => {
        if (body.toString() === "good 100") await held;
        handled++;
      }),
    );
    await until(() => handled === 299, "all messages but one");
    await until(async () => (await lengthOf(server, "pushes")) === 200, "trimming up to the pending one");
    released();
    await tablet.stop();
    expect([await lengthOf(server, "pushes"), handled]).toEqual([0, 300]);
  });

  it("that fills the server refuses messages, and takes dead letters when there is room again", async () => {
    const { attempts, handler } = recorder();
    const told: string[] = [];
    await billing.publish(`${INSTANCE}/receipts`, { body: "poison" });
    await server.ask(["CONFIG", "SET", "maxmemory", "100kb"]);
    try {
      await expect(billing.publish(`${INSTANCE}/receipts`, { body: "x" })).rejects.toThrow(RefusedError);
      await keep(worker.consume(`${INSTANCE}/receipts`, handler, { onError: ({ message }) => told.push(message) }));
      await until(() => told.length > 0, "the refusal");
      expect(told[0]).toContain("OOM");
      expect(await pendingCount(server, "receipts", "printer")).toBe(1);
    } finally {
      await server.ask(["CONFIG", "SET", "maxmemory", "2gb"]);
    }
    await until(async () => (await lengthOf(server, "receipts.printer.dlq")) === 1, "the dead letter");
    await until(async () => (await pendingCount(server, "receipts", "printer")) === 0, "the acknowledgement");
    expect(attempts.get("poison")).toHaveLength(1);
  });
});
