import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { connect } from "../../../client/index.ts";
import { KafkaClient } from "../../../client/kafka/client.ts";
import { marksOf } from "../../../client/kafka/offsets.ts";
import { refusalOf } from "../../../client/kafka/refusal.ts";
import { allDeadLetters, operate } from "../../../client/operate.ts";
import { RabbitmqClient } from "../../../client/rabbitmq/client.ts";
import { treat } from "../../../client/redrive.ts";
import { must } from "../command.ts";
import { retries } from "./environment.ts";
import { changed, configured, ends as endsOf, held, odds, written } from "./kafka-odd.ts";
import { emptied, operatorClient } from "./kafka-support.ts";

const page = readFileSync(join(import.meta.dirname, "../../../docs/contract.md"), "utf8");
const snippet = (name: string) => page.split(`\`\`\`python ${name}\n`)[1]!.split("\n```")[0]!;
const folder = mkdtempSync(join(tmpdir(), "messaging-python-"));
const python = join(folder, "venv/bin/python");
const { apps, operator, outputs } = retries();
const brokers = await operate(operator);
const lettersOf = (flow: string) => allDeadLetters(brokers).find((letters) => letters.flow === flow)!;

/** Runs a snippet of the page until the test is over, and gives what it prints, line by line. */
async function running(name: string, code = snippet(name)): Promise<{ child: ChildProcess; lines: string[] }> {
  const file = join(folder, `${name}.py`);
  writeFileSync(file, code);
  const child = spawn(python, [file], { env: { ...process.env, OUTPUTS: outputs }, stdio: ["ignore", "pipe", "pipe"] });
  const lines: string[] = [];
  for (const input of [child.stdout, child.stderr]) createInterface({ input }).on("line", (line) => lines.push(line));
  await until(() => lines.includes("ready") || child.exitCode !== null, 90_000);
  expect(child.exitCode, lines.join("\n")).toBe(null);
  return { child, lines };
}

async function ended(child: ChildProcess): Promise<void> {
  child.kill("SIGTERM");
  await until(() => child.exitCode !== null || child.signalCode !== null, 15_000);
  child.kill("SIGKILL");
}

async function until(isSo: () => boolean | Promise<boolean>, milliseconds: number): Promise<void> {
  for (const end = Date.now() + milliseconds; Date.now() < end; await wait(100)) if (await isSo()) return;
}

beforeAll(async () => {
  await must("python3", ["-m", "venv", join(folder, "venv")]);
  await must(python, [
    "-m",
    "pip",
    "install",
    "--quiet",
    "--disable-pip-version-check",
    "pika==1.4.4",
    "confluent-kafka==2.16.1",
  ]);
});

afterAll(async () => {
  await Promise.all(brokers.map(({ operator: opened }) => opened.close()));
  rmSync(folder, { recursive: true, force: true });
});

describe.each([
  ["rabbitmq", "rabbitmq/orders", "rabbitmq/orders", "order.created"],
  ["kafka", "kafka/user-events", "kafka/user-events/notify", "customer-1"],
])("the contract in Python on %s", (name, path, flow, key) => {
  it("handles what it can, and ends the rest in the dead letters after three attempts with their delays", async () => {
    const letters = lettersOf(flow);
    await treat(letters, { id: "before", action: "drop" });
    const shop = connect(apps.shop);
    const direct = name === "kafka" ? new KafkaClient(apps.shop.kafka!) : new RabbitmqClient(apps.shop.rabbitmq!);
    const { child, lines } = await running(name);
    try {
      // As a client of somebody else's may: what is no number counts as none.
      await direct.publish(path.split("/")[1]!, { body: "poison", key, headers: { "x-attempt": "two" } });
      await shop.publish(path, { body: "good", key });
      await until(async () => (await letters.count()).messages > 0, 30_000);
      const ended = await letters.peek(10);
      // Other tests have deleted what was not read.
      expect(lines.filter((line) => !/^ready$|\|OFFSET\|/.test(line))).toEqual([
        expect.stringMatching(/^handled .*good$/),
      ]);
      expect(ended.map(({ body }) => body.toString())).toEqual(["poison"]);
      const { headers } = ended[0]!;
      expect(headers).toMatchObject({
        "x-attempt": "3",
        "x-error": "poison cannot be handled",
        "x-error-name": "ValueError",
        "x-origin": flow,
      });
      const [first, second, third] = headers["x-failures"]!.split(",").map((time) => Date.parse(time));
      const delays = [second! - first!, third! - second!];
      console.log(`${flow} in Python: retries after ${delays.join(" and ")} ms`);
      expect(delays[0]).toBeGreaterThanOrEqual(1000);
      expect(delays[0]).toBeLessThanOrEqual(2000);
      expect(delays[1]).toBeGreaterThanOrEqual(2000);
      expect(delays[1]).toBeLessThanOrEqual(3000);
    } finally {
      await ended(child);
      await shop.close();
      await direct.close();
      await treat(letters, { id: "after", action: "drop" });
    }
  });

  it("tells an error that no encoding has as far as it can be sent", async () => {
    const letters = lettersOf(flow);
    await treat(letters, { id: "before", action: "drop" });
    const shop = connect(apps.shop);
    const raising = snippet(name).replace('"poison cannot be handled"', 'json.loads(body)["poison"]');
    const errors = async () => (await letters.peek(100)).map(({ headers }) => headers["x-error"]);
    const { child, lines } = await running(name, raising);
    try {
      await shop.publish(path, { body: '{"poison":"half a character: \\ud83d"}', key });
      await until(async () => child.exitCode !== null || (await errors()).includes("half a character: ?"), 30_000);
      expect(await errors(), lines.join("\n")).toContain("half a character: ?");
    } finally {
      await ended(child);
      await shop.close();
      await treat(letters, { id: "after", action: "drop" });
    }
  });
});

describe("odd records of Kafka under the contract in Python", () => {
  const [DEAD, PARTITIONS] = ["user-events.notify.dlt", 3];
  const retryTopics = ["user-events.notify.retry.1000", "user-events.notify.retry.2000"];
  const { cluster, close } = operatorClient();
  // What was redriven waits for a consumer that the next file does not start.
  afterAll(async () => {
    for (const topic of retryTopics) await emptied(cluster, topic);
    await close();
  });

  it("are byte for byte the same in each retry topic and as dead letters, as another client reads them", async () => {
    const letters = lettersOf("kafka/user-events/notify");
    await treat(letters, { id: "before", action: "drop" });
    const ends = new Map<string, bigint[]>();
    for (const topic of [...retryTopics, DEAD]) ends.set(topic, await endsOf(topic, PARTITIONS));
    const failing = snippet("kafka").replace('if b"poison" in body:', "if True:");
    const { child, lines } = await running("kafka", failing);
    try {
      const places = await written("user-events", PARTITIONS, odds);
      const isOurs = ({ id }: { id: string }) => Object.values(places).includes(id);
      const all = Object.keys(odds).length;
      await until(
        async () => child.exitCode !== null || (await letters.peek(100)).filter(isOurs).length === all,
        40_000,
      );
      for (const topic of [...retryTopics, DEAD]) {
        const found = await held(topic, PARTITIONS, ends.get(topic));
        expect([topic, changed(odds, places, found)], lines.join("\n")).toEqual([topic, []]);
      }
      for (const topic of [...retryTopics, DEAD]) await configured(topic, "max.message.bytes", "20000");
      const { large } = await written("user-events", 1, { large: odds["as large as the topic takes"]! });
      const aside = async () => (await letters.peek(100)).find(({ headers }) => headers["x-set-aside"] === large);
      await until(async () => child.exitCode !== null || (await aside()) !== undefined, 20_000);
      const { id, body, headers } = (await aside())!;
      expect([id, body.length, headers["x-error"]]).toEqual([large, 0, "poison cannot be handled"]);
      expect(headers["x-refusal"]).toMatch(`it stays in ${large}, as it is too large: ${retryTopics[0]}: `);
      expect(headers["x-origin-position"]).toBe(`partition 0 offset ${large!.split("/")[2]}`);
      for (const topic of [...retryTopics, DEAD]) await configured(topic, "max.message.bytes", "1114124");
      const isAside = (letter: { id: string }) => letter.id === large;
      const redrive = { id: "aside", action: "redrive", group: "notify", matches: isAside } as const;
      expect(await treat(letters, redrive)).toMatchObject({ treated: 1, refused: [] });
    } finally {
      for (const topic of [...retryTopics, DEAD]) await configured(topic, "max.message.bytes", "1114124");
      await ended(child);
      await treat(letters, { id: "after", action: "drop" });
    }
    // While it is stopped, what it committed shows that it keeps the contract.
    const own = retries().operator.kafka!.deadLetters.find(({ groupId }) => groupId === "notify")!;
    expect(await marksOf(cluster, "notify", own.topic)).toContain("messaging-client\0");
    expect(await refusalOf(cluster, { ...own, groupId: "another", redriveTopic: own.topic }, false)).toBeUndefined();
  });

  it("are set aside with as little as a topic takes, those behind them go on, and a redrive finds them whatever their ids", async () => {
    const letters = lettersOf("kafka/user-events/notify");
    await treat(letters, { id: "before", action: "drop" });
    for (const topic of [...retryTopics, DEAD]) await configured(topic, "max.message.bytes", "500");
    const { child, lines } = await running("kafka");
    try {
      const poison = {
        key: null,
        value: Buffer.from(`poison${randomBytes(450).toString("base64")}`),
        codec: "none",
      } as const;
      const long = `😀${randomBytes(3_000).toString("base64")}`;
      const named = (name: Buffer) => ({
        ...poison,
        headers: [[Buffer.from("x-message-id"), name] as [Buffer, Buffer]],
      });
      const records = {
        "no text": named(Buffer.from([0xff, 0xfe])),
        long: named(Buffer.from(long)),
        none: { ...poison, headers: [] },
      };
      const places = await written("user-events", 1, records);
      const isOurs = ({ headers }: { headers: Record<string, string> }) =>
        Object.values(places).includes(headers["x-set-aside"]!);
      const small = { ...poison, value: Buffer.from("good"), headers: [] };
      for (let at = 0; at < 5; at++) await written("user-events", 1, { small });
      const good = () => lines.filter((line) => line === "handled None good").length;
      await until(() => child.exitCode !== null || good() === 5, 40_000);
      expect(good(), lines.join("\n")).toBe(5);
      const notes = (await letters.peek(10)).filter(isOurs).map(({ id, headers }) => [headers["x-set-aside"], id]);
      expect(Object.fromEntries(notes)).toEqual({
        [places["no text"]!]: "base64://4=",
        [places.long!]: [...long].slice(0, 36).join(""),
        [places.none!]: places.none,
      });
      await ended(child);
      for (const topic of [...retryTopics, DEAD]) await configured(topic, "max.message.bytes", "1114124");
      const redrive = { id: "least", action: "redrive", group: "notify", matches: isOurs } as const;
      expect(await treat(letters, redrive)).toMatchObject({ treated: 3, refused: [] });
    } finally {
      for (const topic of [...retryTopics, DEAD]) await configured(topic, "max.message.bytes", "1114124");
      await ended(child);
      await treat(letters, { id: "after", action: "drop" });
    }
  });
});
