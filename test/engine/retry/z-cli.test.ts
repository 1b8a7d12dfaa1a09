import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, describe, expect, it } from "vitest";
import { connect } from "../../../client/index.ts";
import { linkTo } from "../../../client/rabbitmq/link.ts";
import { rejectToRetry } from "../../../client/rabbitmq/reject.ts";
import type { Result as Verified } from "../../../client/verify/index.ts";
import { type Result, run } from "../command.ts";
import { retries } from "./environment.ts";

const root = join(import.meta.dirname, "../../..");
const folder = mkdtempSync(join(tmpdir(), "messaging-cli-"));
const { apps, operator, outputs } = retries();

const auditFile = join(folder, "audit.jsonl");

const messaging = (...args: string[]): Promise<Result> =>
  run(process.execPath, [join(root, "cli/messaging.mjs"), ...args, "--outputs", outputs], {
    cwd: folder,
    env: { MESSAGING_AUDIT_FILE: auditFile },
  });
const verified = async (...args: string[]) => {
  const { code, stdout, output } = await messaging("verify", "--json", ...args);
  expect(stdout, output).not.toBe("");
  return { code, results: JSON.parse(stdout) as Verified[] };
};
const counts = async (): Promise<Record<string, number>> => {
  const { stdout } = await messaging("dlq", "list", "--json");
  const rows = JSON.parse(stdout) as { flow: string; messages: number }[];
  return Object.fromEntries(rows.map(({ flow, messages }) => [flow, messages]));
};

/** RabbitMQ's management API as the administrator. */
async function rabbit(method: string, path: string, body?: object): Promise<void> {
  const { managementUrl, vhost, username, password } = operator.rabbitmq!;
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  const answer = await fetch(`${managementUrl}/api/${path.replace("{vhost}", encodeURIComponent(vhost))}`, {
    method,
    headers: { authorization, "content-type": "application/json" },
    ...(body && { body: JSON.stringify(body) }),
  });
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
}

/** Publishes to a queue whose consumer fails each message, and waits until they are all dead letters. */
async function failing(count: number, errorOf: (body: string) => string): Promise<void> {
  const [shop, billing] = [connect(apps.shop), connect(apps.billing)];
  const before = (await counts())[FLOW]!;
  const consumer = await billing.consume(FLOW, ({ body }) => {
    throw new Error(errorOf(body.toString()));
  });
  for (let at = 0; at < count; at++) await shop.publish(FLOW, { body: JSON.stringify({ number: at }) });
  for (const end = Date.now() + 60_000; (await counts())[FLOW] !== before + count; ) {
    if (Date.now() > end) throw new Error("not all became dead letters");
    await wait(200);
  }
  await consumer.stop();
  await Promise.all([shop.close(), billing.close()]);
}

const FLOW = "rabbitmq/invoices";

/** Waits for a condition; fails after 30 s. */
async function until(met: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 30_000; !(await met()); await wait(200)) {
    if (Date.now() > end) throw new Error("not within 30 s");
  }
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe("messaging verify", () => {
  it("finds every promise of every flow kept, and leaves nothing behind", async () => {
    const before = await counts();
    const { code, results } = await verified();
    for (const { flow, consumer, by, good, poison, reasons } of results) {
      console.log(
        `${flow} by ${consumer} (${by}): good ${good?.consumed} x in ${good?.milliseconds} ms, retries after ${poison?.delays} ms ${reasons}`,
      );
    }
    expect(results.filter(({ verdict }) => verdict !== "kept")).toEqual([]);
    expect(code).toBe(0);
    expect(new Set(results.map(({ flow }) => flow.split("/")[0]))).toEqual(
      new Set(["rabbitmq", "kafka", "sqs", "redis"]),
    );
    expect(results.length).toBeGreaterThanOrEqual(15);
    expect(await counts()).toEqual(before);
  });

  it("says which promise is broken, and exits 1", async () => {
    const policy = { pattern: "^messaging\\.retry\\.500ms$", priority: 2000, "apply-to": "queues" };
    const definition = {
      "message-ttl": 3000,
      "dead-letter-exchange": "",
      "dead-letter-strategy": "at-least-once",
      overflow: "reject-publish",
    };
    await rabbit("PUT", "policies/{vhost}/behind-our-back", { ...policy, definition });
    try {
      const { code, results } = await verified("rabbitmq/invoices");
      expect(code).toBe(1);
      expect(results).toHaveLength(1);
      expect(results[0]!.reasons[0]).toMatch(
        /^retry 1 must come 0.50 s to 1.50 s after the failure, and came after 3\.\d\d s$/,
      );
    } finally {
      await rabbit("DELETE", "policies/{vhost}/behind-our-back");
    }
  });

  it("neither reads nor delays the messages of consumers that are there, which answer its canaries", async () => {
    const [shop, worker] = [connect(apps.shop), connect(apps.worker)];
    const handled = new Map<string, number>();
    const consumers = await Promise.all(
      ["rabbitmq/orders", "kafka/user-events", "redis/notifications/emails"].map((flow) =>
        worker.consume(flow, ({ body }) => void handled.set(body.toString(), (handled.get(body.toString()) ?? 0) + 1)),
      ),
    );
    let stopped = false;
    let sent = 0;
    const traffic = (async () => {
      while (!stopped) {
        const body = `m${sent++}`;
        await shop.publish("rabbitmq/orders", { body: `r${body}`, key: "order.created" });
        await shop.publish("kafka/user-events", { body: `k${body}`, key: body });
        await shop.publish("redis/notifications/emails", { body: `s${body}` });
        await wait(20);
      }
    })();
    const { code, results } = await verified(
      "rabbitmq/orders",
      "kafka/user-events/notify",
      "redis/notifications/emails/mailer",
    );
    stopped = true;
    await traffic;
    for (const end = Date.now() + 20_000; handled.size < 3 * sent && Date.now() < end; ) await wait(100);
    await Promise.all(consumers.map((consumer) => consumer.stop()));
    await Promise.all([shop.close(), worker.close()]);
    expect(results.map(({ flow, by, verdict, reasons }) => [flow, by, verdict, reasons])).toEqual([
      ["rabbitmq/orders", "live", "kept", []],
      ["kafka/user-events/notify", "live", "kept", []],
      ["redis/notifications/emails/mailer", "live", "kept", []],
    ]);
    expect(code).toBe(0);
    expect(handled.size).toBe(3 * sent);
    expect([...handled.values()].filter((times) => times !== 1)).toEqual([]);
  });

  it("sends nothing over a channel that somebody listens to", async () => {
    const worker = connect(apps.worker);
    const heard: string[] = [];
    const listener = await worker.listen("redis/notifications/order:*", (channel) => void heard.push(channel));
    const { code, results } = await verified("redis/notifications/order:*");
    await listener.stop();
    await worker.close();
    expect([code, results[0]?.verdict, heard]).toEqual([0, "skipped", []]);
  });

  it("does not touch a flow whose messages nobody consumes", async () => {
    const shop = connect(apps.shop);
    await shop.publish("rabbitmq/orders", { body: "waiting", key: "order.created" });
    await shop.close();
    const { code, results } = await verified("rabbitmq/orders");
    expect([code, results[0]?.verdict, results[0]?.reasons]).toEqual([
      0,
      "skipped",
      ["1 messages wait and nobody consumes them: verify would have to read them"],
    ]);
    const worker = connect(apps.worker);
    const got = await new Promise<string>((resolve) => {
      void worker.consume("rabbitmq/orders", ({ body, attempt }) => resolve(`${body} on attempt ${attempt}`));
    });
    await worker.close();
    expect(got).toBe("waiting on attempt 1");
  });
});

describe("messaging dlq", () => {
  it("lists, shows, redrives by filter and limit, and drops when told the count", async () => {
    await failing(6, (body) => (body.includes("1") || body.includes("3") ? "connect timeout" : "no such invoice"));
    const { output } = await messaging("dlq", "list");
    expect(output).toMatch(/^FLOW +DEAD LETTERS +OLDEST +IN$/m);
    expect(output).toMatch(/^rabbitmq\/invoices +6 +\d+s +invoices\.dlq$/m);

    const shown = await messaging("dlq", "show", FLOW, "--limit", "1");
    expect(shown.code).toBe(0);
    expect(shown.stdout).toMatch(/^failed +\S+Z on attempt 4 of billing$/m);
    expect(shown.stdout).toMatch(/^error +Error: no such invoice$/m);
    expect(shown.stdout).toMatch(/^body +\{"number":0\}$/m);

    const dry = await messaging("dlq", "redrive", FLOW, "--filter", "x-error~timeout", "--dry-run");
    expect(dry.stdout).toBe(`${FLOW}: would redrive 2 of 6 dead letters to invoices\n  4 did not match and stay\n`);
    expect((await counts())[FLOW]).toBe(6);

    const one = await messaging("dlq", "redrive", FLOW, "--filter", "$.number=3");
    expect([one.code, one.stdout]).toEqual([
      0,
      `${FLOW}: redrove 1 of 6 dead letters to invoices\n  5 did not match and stay\n`,
    ]);
    const two = await messaging("dlq", "redrive", FLOW, "--limit", "2");
    expect([two.code, two.stdout]).toEqual([0, `${FLOW}: redrove 2 of 5 dead letters to invoices\n`]);

    const billing = connect(apps.billing);
    const bodies: string[] = [];
    const consumer = await billing.consume(FLOW, ({ body, headers, attempt }) => {
      bodies.push(`${body} ${headers["x-redrive-count"]} ${attempt}`);
    });
    for (const end = Date.now() + 10_000; bodies.length < 3 && Date.now() < end; ) await wait(50);
    await consumer.stop();
    await billing.close();
    expect(bodies.sort()).toEqual(['{"number":0} 1 1', '{"number":1} 1 1', '{"number":3} 1 1']);

    const wrong = await messaging("dlq", "drop", FLOW, "--yes", "2");
    expect([wrong.code, wrong.output]).toEqual([
      1,
      "messaging: --yes: must be the number of dead letters that would be dropped (3), got 2: nothing was dropped\n",
    ]);
    const dropped = await messaging("dlq", "drop", FLOW, "--yes", "3");
    expect([dropped.code, dropped.stdout]).toEqual([0, `${FLOW}: dropped 3 dead letters from invoices.dlq\n`]);
    expect((await counts())[FLOW]).toBe(0);
  });

  it("tells a reject, an expiry and the delivery limit apart, and shows the error that Spring wrote", async () => {
    const link = linkTo(operator.rabbitmq!);
    const { channel } = await link.open();
    const queue = "audits";
    const publish = (messageId: string, more: object = {}) =>
      channel.basicPublish({ routingKey: queue, messageId, durable: true, ...more }, messageId);
    const taken = async () => {
      for (;;) {
        const message = await channel.basicGet({ queue });
        if (message) return message.deliveryTag;
        await wait(20);
      }
    };
    const there = (count: number) =>
      until(async () => (await channel.queueDeclare({ queue: "audits.dlq", passive: true })).messageCount === count);
    await publish("rejected");
    channel.basicNack({ deliveryTag: await taken(), requeue: false });
    await there(1);
    await publish("expired", { expiration: "1" });
    await there(2);
    await publish("delivery_limit");
    // It may be delivered twice again: maxAttempts + 1.
    for (let times = 0; times < 3; times++) rejectToRetry(channel, await taken());
    await there(3);
    await publish("spring", {
      routingKey: "audits.dlq",
      headers: {
        "x-exception-message": "no order 7",
        "x-exception-stacktrace":
          "com.shop.NoSuchOrderException: no order 7\n\tat com.shop.Orders.handle(Orders.java:42)",
        "x-original-exchange": "",
        "x-original-routingKey": "audits",
      },
    });
    await there(4);
    await channel.close();
    await link.close();
    const { stdout } = await messaging("dlq", "show", "rabbitmq/audits", "--json");
    const shown = JSON.parse(stdout) as Record<"id" | "error" | "errorName" | "reason", string | null>[];
    expect(shown.map(({ id, error, errorName, reason }) => [id, error, errorName, reason])).toEqual([
      ["rejected", null, null, "rejected"],
      ["expired", null, null, "expired"],
      ["delivery_limit", null, null, "delivery_limit"],
      ["spring", "no order 7", "com.shop.NoSuchOrderException", null],
    ]);
    const told = (await messaging("dlq", "show", "rabbitmq/audits")).stdout;
    expect([...told.matchAll(/^(?:error|stack|from) +(.*)$/gm)].map(([, text]) => text)).toMatchInlineSnapshot(`
      [
        "none: its consumer rejected it (reject, or nack without requeue) and gave no reason",
        "none: it expired in its queue before a consumer was done with it",
        "none: the broker gave it up at its delivery limit: consumers took it again and again, and ended or gave it back",
        "com.shop.NoSuchOrderException: no order 7",
        "at com.shop.Orders.handle(Orders.java:42)",
        "audits",
      ]
    `);
    expect((await messaging("dlq", "drop", "rabbitmq/audits", "--yes", "4")).code).toBe(0);
  });

  it("ends the loop of a redrive into a consumer that still fails", async () => {
    await failing(3, () => "still broken");
    for (const round of [1, 2, 3]) {
      const { stdout } = await messaging("dlq", "redrive", FLOW);
      expect(stdout, `round ${round}`).toBe(`${FLOW}: redrove 3 of 3 dead letters to invoices\n`);
      await drained(FLOW, 3, "billing");
    }
    const { stdout } = await messaging("dlq", "redrive", FLOW);
    expect(stdout).toContain(`${FLOW}: redrove 0 of 3 dead letters to invoices\n  3 stay in quarantine`);
    await messaging("dlq", "drop", FLOW, "--yes", "3");
  });

  it("stops a redrive by itself when what it puts back comes in again, with and without a filter, and exits 1", async () => {
    const [billing, worker] = [connect(apps.billing), connect(apps.worker)];
    const consumer = await worker.consume("rabbitmq/audits", () => {
      throw new Error("still broken");
    });
    const all = Array.from({ length: 600 }, (_, at) => {
      const headers = { kind: at % 6 === 0 ? "x" : "y" };
      return billing.publish("rabbitmq/audits", { body: String(at), headers });
    });
    await Promise.all(all);
    await until(async () => (await counts())["rabbitmq/audits"] === 600);
    for (const [options, most] of [
      [["--rate", "50"], 600],
      [["--rate", "10", "--filter", "kind=x"], 100],
    ] as const) {
      const { code, stdout } = await messaging("dlq", "redrive", "rabbitmq/audits", ...options);
      expect(code, stdout).toBe(1);
      const [, redriven, cameBack] =
        /^rabbitmq\/audits: redrove (\d+) of 600 dead letters to audits\n(?: {2}\d+ did not match and stay\n)? {2}stopped: (\d+) came in while it ran, so the consumer still fails: fix that first\n$/.exec(
          stdout,
        ) ?? [];
      expect(Number(redriven), stdout).toBeLessThan(most);
      expect(Number(cameBack), stdout).toBeGreaterThan(10);
      expect(Number(cameBack), stdout).toBeLessThanOrEqual(Number(redriven));
      await until(async () => (await counts())["rabbitmq/audits"] === 600);
    }
    await consumer.stop();
    await Promise.all([billing.close(), worker.close()]);
    expect((await messaging("dlq", "drop", "rabbitmq/audits", "--yes", "600")).code).toBe(0);
  });

  it("leaves a line of audit before and after each run that changes something", () => {
    const lines = readFileSync(auditFile, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    const last = lines.slice(-2);
    expect(last.map(({ event }) => event)).toEqual(["drop.started", "drop.ended"]);
    expect(last[1]).toMatchObject({ flow: "rabbitmq/audits", treated: 600, ended: "limit", run: last[0].run });
    // The environment of the outputs that were given, not the default one.
    expect(last.map(({ environment, outputs }) => [environment, outputs])).toEqual([
      [retries().environment, outputs],
      [retries().environment, outputs],
    ]);
    expect(JSON.stringify(lines)).not.toContain(operator.rabbitmq!.password);
  });

  it("names the flows that there are", async () => {
    const { code, output } = await messaging("dlq", "show", "rabbitmq/order");
    expect(code).toBe(1);
    expect(output).toMatch(
      /^messaging: flow: must be one with dead letters \(rabbitmq\/orders, .*\), got "rabbitmq\/order"\n$/,
    );
  });

  it("exits 2 after the skill's retries where a broker is away, and logs it without secrets", async () => {
    const away = structuredClone({ apps, operator });
    away.operator.rabbitmq!.url = "amqp://127.0.0.1:1";
    away.operator.rabbitmq!.managementUrl = "http://127.0.0.1:1";
    away.operator.retry = { maxAttempts: 3, delays: [10, 20] };
    for (const broker of ["kafka", "sqs", "redis"] as const) delete away.operator[broker];
    const file = join(folder, "away.json");
    writeFileSync(file, JSON.stringify(away));
    const { code, output } = await run(
      process.execPath,
      [join(root, "cli/messaging.mjs"), "dlq", "list", FLOW, "--outputs", file, "--log", "json"],
      { cwd: folder },
    );
    expect(code, output).toBe(2);
    const events = output
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line));
    expect(events.map(({ event }) => event)).toEqual([
      "skill.messaging.invoked",
      // Why it tries again, twice, and why it ended.
      "skill.messaging.message",
      "skill.messaging.message",
      "skill.messaging.message",
      "skill.messaging.failed",
    ]);
    expect(output).toMatch(/does not answer.*; trying again in 0\.01 s/);
    expect(events.at(-1)).toMatchObject({ outcome: "connection", exitCode: 2, error: events.at(-2).message });
    expect(output).not.toContain(operator.rabbitmq!.password);
  });
});

/** Lets a failing consumer run until so many messages are dead letters again. */
async function drained(flow: string, count: number, app: "worker" | "billing"): Promise<void> {
  const client = connect(apps[app]);
  const consumer = await client.consume(flow, () => {
    throw new Error("still broken");
  });
  await until(async () => (await counts())[flow] === count);
  await consumer.stop();
  await client.close();
}
