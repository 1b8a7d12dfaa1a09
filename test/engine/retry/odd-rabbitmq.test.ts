import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { BrokerOperator } from "../../../client/deadLetters.ts";
import { HEADERS } from "../../../client/headers.ts";
import type { Delivery } from "../../../client/message.ts";
import { RabbitmqClient } from "../../../client/rabbitmq/client.ts";
import { drainQueues } from "../../../client/rabbitmq/drain.ts";
import { operate } from "../../../client/rabbitmq/operator.ts";
import { treat } from "../../../client/redrive.ts";
import { must } from "../command.ts";
import { retries } from "./environment.ts";
import { fullFrames, type OddMessage, oddMessages } from "./odd-rabbitmq.ts";
import { queuesOf, until } from "./rabbitmqTools.ts";

const environment = retries();
const access = environment.operator.rabbitmq!;
const folder = mkdtempSync(join(tmpdir(), "messaging-odd-"));
const python = join(folder, "venv/bin/python");
const variables = { ...process.env, OUTPUTS: environment.outputs };
const script = join(import.meta.dirname, "rabbitmq-raw.py");
const all = [...oddMessages, ...fullFrames];

/** A message as another client reads it: each property in hexadecimal, and each header with name, type and value. */
interface Seen {
  properties: Record<string, string> & { headers?: [string, string, string][] };
  body: string;
}

let operator: BrokerOperator;
let queues: ReturnType<typeof queuesOf>;
let worker: RabbitmqClient;
/** What the broker itself makes of them on the way in: it sorts headers, for one. */
let expected: unknown[];

const publish = (queue: string, messages: readonly OddMessage[]) => {
  const lines = messages.map(({ properties, body }) =>
    JSON.stringify([properties.toString("base64"), body.toString("base64")]),
  );
  return must(python, [script, "publish", queue], { env: variables, input: `${lines.join("\n")}\n` });
};

async function seen(how: "take" | "look", queue: string, count: number): Promise<Seen[]> {
  const printed = await must(python, [script, how, queue, String(count)], { env: variables });
  return printed
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

const contract: readonly string[] = Object.values(HEADERS);
const brokers = /^x-(death|(first|last)-death-(exchange|queue|reason)|delivery-count|acquired-count)$/;

/** What of a message is its own, and so is to be the same for ever; sorted, as retries overtake each other. */
const owned = (messages: readonly Seen[]) =>
  messages
    .map(({ properties: { headers = [], deliveryMode: _, expiration: __, messageId, ...properties }, body }) => ({
      ...properties,
      // One that came without gets an identity.
      ...(!NAMELESS.includes(body) && { messageId }),
      headers: headers.filter(([name]) => !contract.includes(name) && !brokers.test(name)),
      body: body.length > 1000 ? `${body.length}, ends in ${body.slice(-50)}` : body,
    }))
    .toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** The body of the one whose identity is bytes in a header. */
const BYTES = Buffer.from("i").toString("base64");
/** Bodies of those that came without an identity as a property. */
const NAMELESS = ["", Buffer.from("u").toString("base64"), BYTES];

const idOf = ({ properties: { messageId = "" } }: Seen) => Buffer.from(messageId, "hex").subarray(1).toString();
const textOf = ({ properties: { headers = [] } }: Seen, name: string) => {
  const [, , value] = headers.find(([one]) => one === name) ?? [];
  return value === undefined ? undefined : Buffer.from(value, "hex").subarray(4).toString();
};

beforeAll(async () => {
  await must("python3", ["-m", "venv", join(folder, "venv")]);
  await must(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pika==1.4.4"]);
  operator = await operate(access);
  queues = queuesOf(access);
  worker = new RabbitmqClient(environment.apps.worker.rabbitmq!);
  await queues.purge();
  await publish("orders", all);
  expected = owned(await seen("take", "orders", all.length));
}, 60_000);

beforeEach(() => queues.purge());
afterAll(async () => {
  await queues.purge();
  await Promise.all([worker.close(), operator.close(), queues.close()]);
  rmSync(folder, { recursive: true, force: true });
});

const deadLettered = () => until("all dead letters", async () => (await queues.ready("orders.dlq")) === all.length, 30);

describe("every odd message on RabbitMQ", () => {
  it("reaches the handler, its retries and the dead letters byte for byte, and goes back so", async () => {
    const delivered: Delivery[] = [];
    const told: string[] = [];
    await publish("orders", all);
    const running = await worker.consume(
      "orders",
      (delivery) => {
        delivered.push(delivery);
        throw new Error("no ".repeat(100));
      },
      { onError: ({ message }) => void told.push(message) },
    );
    await deadLettered();
    await running.stop();
    const bodies = (attempt: number) =>
      delivered.filter((one) => one.attempt === attempt).map(({ body }) => body.toString("base64"));
    const sent = (messages: readonly OddMessage[]) => messages.map(({ body }) => body.toString("base64"));
    expect(bodies(1).toSorted()).toEqual(sent(all).toSorted());
    expect(bodies(3).toSorted()).toEqual(sent(oddMessages).toSorted());
    const isPassing = (text: string) =>
      /^rabbitmq .* is too large: its properties and headers are \d+ bytes/.test(text);
    expect(told.filter((text) => !isPassing(text))).toEqual([
      expect.stringMatching(/^rabbitmq\/orders: message [0-9a-f-]{36} cannot be published again, so it is rejected/),
    ]);
    const letters = await seen("look", "orders.dlq", all.length);
    expect(owned(letters)).toEqual(expected);
    expect(letters.filter(({ body }) => body === BYTES).map(idOf)).toEqual(["base64://4="]);
    const told3 = Object.fromEntries(letters.map((one) => [idOf(one), textOf(one, HEADERS.error)?.length]));
    expect(told3).toMatchObject({ types: 300, "no-stack": 300, little: 100 });
    expect(told3.full).toBeUndefined();
    expect(letters.map((one) => textOf(one, HEADERS.expiration)).filter(Boolean)).toEqual(["600000"]);

    const dead = operator.deadLetters().find(({ flow }) => flow === "rabbitmq/orders")!;
    const { refused } = await treat(dead, { id: "r1", action: "redrive" });
    expect(refused.map(({ reason }) => reason)).toEqual(
      Array(2).fill(expect.stringMatching(/^rabbitmq default exchange.*: message .* is too large: .*\(frame_max\)$/)),
    );
    expect((await dead.count()).messages).toBe(2);
    const kept = await seen("take", "orders.dlq", 2);
    const back = await seen("take", "orders", oddMessages.length);
    expect(owned([...back, ...kept])).toEqual(expected);
    expect(back.map((one) => [textOf(one, HEADERS.redriveId), textOf(one, HEADERS.error)])).toEqual(
      back.map(() => ["r1", undefined]),
    );
  });

  it("is moved into a queue that replaces its own byte for byte, with its expiration", async () => {
    await publish("orders", all);
    const moving = { deadline: Date.now() + 20_000, stopping: new AbortController().signal, tell: () => {} };
    const moved = await drainQueues(access, [], [{ from: "orders", to: "shipping", work: true }], moving);
    expect(moved.messages).toBe(all.length - 1);
    expect(moved.left).toEqual([
      expect.stringMatching(/^rabbitmq\/orders: 1 of its messages are too large to be moved: .*\(frame_max\)$/),
      "rabbitmq/orders still holds 1 messages",
    ]);
    const there = await seen("take", "shipping", all.length - 1);
    expect(owned([...there, ...(await seen("take", "orders", 1))])).toEqual(expected);
    expect(there.map(({ properties }) => properties.expiration).filter(Boolean)).toEqual(["06363030303030"]);
  });

  it("is counted where a move is stopped before it", async () => {
    await publish("orders", all.slice(0, 2));
    const moving = { deadline: Date.now() + 20_000, stopping: AbortSignal.abort(), tell: () => {} };
    const moved = await drainQueues(access, [], [{ from: "orders", to: "shipping", work: true }], moving);
    expect(moved).toEqual({ messages: 0, left: ["rabbitmq/orders still holds 2 messages"] });
  });

  it("is the same in the dead letters of a consumer in Python, after its retries", async () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/contract.md"), "utf8");
    const snippet = page.split("```python rabbitmq\n")[1]!.split("\n```")[0]!;
    const file = join(folder, "consumer.py");
    writeFileSync(file, snippet.replace('if b"poison" in body', "if True"));
    await publish("orders", all);
    const child: ChildProcess = spawn(python, [file], { env: variables, stdio: ["ignore", "pipe", "pipe"] });
    const lines: string[] = [];
    for (const input of [child.stdout!, child.stderr!])
      createInterface({ input }).on("line", (line) => lines.push(line));
    await deadLettered().catch((error) => {
      throw new Error(`${error.message}\n${lines.join("\n")}`);
    });
    child.kill("SIGTERM");
    await until("the end of the consumer", () => child.exitCode !== null || child.signalCode !== null, 10);
    expect(child.exitCode).toBe(0);
    expect(lines).toEqual([
      "ready",
      expect.stringMatching(/^rabbitmq\/orders: message [0-9a-f-]{36} cannot be published again/),
    ]);
    const letters = await seen("take", "orders.dlq", all.length);
    expect(owned(letters)).toEqual(expected);
    expect(letters.filter(({ body }) => body === BYTES).map(idOf)).toEqual(["base64://4="]);
    const attempts = Object.fromEntries(letters.map((one) => [idOf(one), textOf(one, HEADERS.attempt)]));
    expect(attempts).toMatchObject({ types: "3", "no-stack": "3", little: "3" });
  });
});
