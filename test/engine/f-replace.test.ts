import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openCluster } from "../../client/kafka/cluster.ts";
import { readLog } from "../../client/kafka/log.ts";
import { wholeLog } from "../../client/kafka/remaining.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { traffic } from "../soak/inPlace.ts";
import { type Clone, inside, makeClone, npm, output, pulumi, removeClone, variables } from "./clone.ts";
import { changeSkill } from "./gate.ts";
import { type Apps, account, consumer, type Ledger, ledger, publisher, steadily } from "./replaceTraffic.ts";

const BACKLOG = { "rabbitmq/orders": 6_000, "rabbitmq/jobs": 300, "kafka/events": 6_000 };
const BAD = 5;
const flows = ["rabbitmq/orders", "rabbitmq/jobs", "kafka/events"];
const consumed = [
  { flow: "rabbitmq/orders" },
  { flow: "rabbitmq/jobs" },
  { flow: "kafka/events", group: "billing" },
  { flow: "kafka/events", group: "stats" },
];

let clone: Clone;
let book: Ledger;
/** What each run of `up` printed, the one that was killed first. */
const said: string[] = [];

const queues = async (): Promise<Record<string, number>> => {
  const { stdout } = await inside(clone, "rabbitmq", [
    "rabbitmqctl",
    ...["--quiet", "--formatter", "json", "list_queues", "-p", "shop", "name", "messages"],
  ]);
  const listed = JSON.parse(stdout) as { name: string; messages: number }[];
  return Object.fromEntries(listed.map(({ name, messages }) => [name, messages]));
};

const up = async (): Promise<void> => {
  const { code, output: printed } = await pulumi(clone, "up", "--yes", "--skip-preview", "--suppress-outputs");
  said.push(printed);
  expect(code, printed).toBe(0);
};

/** Runs `up`, and kills it and all that it started while it moves messages of both brokers. */
async function killedUp(): Promise<void> {
  const child: ChildProcess = spawn("npx", ["pulumi", "up", "--yes", "--skip-preview", "--non-interactive"], {
    cwd: clone.folder,
    env: {
      ...process.env,
      ...variables(clone),
      PULUMI_CONFIG_PASSPHRASE_FILE: join(clone.folder, ".state/passphrase"),
    } as NodeJS.ProcessEnv,
    detached: true,
  });
  let printed = "";
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      printed += text;
    });
  }
  const ended = new Promise<void>((resolve) => child.on("close", () => resolve()));
  const both = () =>
    /messages moved into orders-v2 so far/.test(printed) && /records copied into events-v2/.test(printed);
  const deadline = Date.now() + 120_000;
  while (!both() && child.exitCode === null && Date.now() < deadline) await wait(20);
  if (child.exitCode !== null) throw new Error(`up was not killed in time:\n${printed}`);
  process.kill(-child.pid!, "SIGKILL");
  await ended;
  said.push(printed);
}

async function eventually(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 90_000; !(await holds()); await wait(200)) {
    if (Date.now() > deadline) throw new Error(`waited in vain until ${what}`);
  }
}

const isDone = () => consumed.every(({ flow, group }) => account(book, flow, group ?? flow).lost === 0);

/** The numbers of the records of one producer in the new topic, by key, each the first time that it is there. */
async function copiedOrder(prefix: string): Promise<number[][]> {
  const { kafka } = await output<OperatorAccess>(clone, "operator");
  const cluster = openCluster(kafka!, "messaging-test");
  const byKey = new Map<string, Set<number>>();
  for (const range of await wholeLog(cluster, "events-v2")) {
    for await (const { key, value } of readLog(cluster, range)) {
      const [name, number] = value!.toString().split("-");
      const numbers = byKey.get(key!.toString()) ?? new Set();
      if (name === prefix) byKey.set(key!.toString(), numbers.add(Number(number)));
    }
  }
  await cluster.close();
  return [...byKey.values()].map((numbers) => [...numbers]);
}

beforeAll(async () => {
  clone = await makeClone("replace", 24340, "test/engine/skills/replace.yaml");
  book = ledger();
  const started = await npm(clone, "start");
  expect(started.code, started.output).toBe(0);
  const before = await output<Apps>(clone, "apps");

  // Some are dead letters, and the ordered group has handled some: both keep that.
  const first = publisher(book, before);
  const settling = await consumer(book, before, consumed, 0);
  for (const flow of flows) await first.many(flow, "first", 50);
  await first.many("rabbitmq/orders", "bad", BAD);
  await eventually("the first messages are handled", isDone);
  await eventually("the bad ones are dead letters", async () => (await queues())["orders.dlq"] === BAD);
  await settling.close();
  for (const [flow, count] of Object.entries(BACKLOG)) await first.many(flow, "backlog", count);
  await first.close();

  const olds = await consumer(book, before, consumed, 60);
  const publishing = steadily(book, before, flows, "during");
  changeSkill(clone, (skill) => {
    skill.rabbitmq.queues = { ...skill.rabbitmq.queues, "orders-v2": {}, "jobs-v2": { type: "classic" } };
    skill.rabbitmq.replace = { orders: "orders-v2", jobs: "jobs-v2" };
    skill.kafka.topics["events-v2"] = { partitions: 3 };
    skill.kafka.replace = { events: "events-v2" };
  });
  await killedUp();
  await pulumi(clone, "cancel", "--yes");
  await up();

  const after = await output<Apps>(clone, "apps");
  await publishing.stop();
  await olds.close();
  const news = await consumer(book, after, consumed, 0);
  const goingOn = steadily(book, after, flows, "after");
  await up();
  await up();
  await goingOn.stop();
  await eventually("everything is handled", isDone);
  await news.close();
});

afterAll(async () => {
  const down = await npm(clone, "run", "down", "--", "--discard-messages");
  if (down.code !== 0) console.log(down.output);
  else removeClone(clone);
});

describe("a queue and a topic that others replace, while apps publish and consume", () => {
  it("are moved by an up that may be killed in the middle", () => {
    expect(said[0]).toMatch(/messages moved into orders-v2 so far/);
    expect(said[0]).toMatch(/records copied into events-v2 so far/);
    expect(said[0]).not.toMatch(/orders -> orders-v2: \d+ messages moved/);
  });

  it("lose no confirmed message, whatever is killed", () => {
    for (const { flow, group } of consumed) {
      const result = account(book, flow, group ?? flow);
      console.log(`  ${flow} ${group ?? ""}: ${JSON.stringify(result)}`);
      expect(result.lost, flow).toBe(0);
      expect(result.confirmed).toBeGreaterThan(300);
    }
  });

  it("hand on what went before: dead letters as they are, and the order of each key", async () => {
    const held = await queues();
    expect(held["orders-v2.dlq"]).toBe(BAD);
    for (const numbers of await copiedOrder("backlog")) expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  it("are gone when they are empty, and the line in the skill is harmless", async () => {
    expect(Object.keys(await queues()).filter((name) => /^(orders|jobs)(\.dlq)?$/.test(name))).toEqual([]);
    const preview = await pulumi(clone, "preview", "--expect-no-changes");
    expect(preview.code, preview.output).toBe(0);
    expect(preview.output).toContain("rabbitmq.replace: orders -> orders-v2: there is no queue orders any more.");
    expect(preview.output).toContain("kafka.replace: events -> events-v2: there is no topic events any more.");
  });

  it("can be forgotten: without the line and the old ones the new ones stay as they are", async () => {
    changeSkill(clone, (skill) => {
      const { orders, jobs } = skill.rabbitmq.queues;
      const { type: _, ...taken } = orders;
      skill.rabbitmq.queues = { "orders-v2": taken, "jobs-v2": { ...jobs, type: "classic" } };
      delete skill.rabbitmq.replace;
      const { partitions: __, ...events } = skill.kafka.topics.events;
      skill.kafka.topics = { "events-v2": { ...events, partitions: 3 } };
      delete skill.kafka.replace;
    });
    await up();
    expect((await queues())["orders-v2.dlq"]).toBe(BAD);
    expect((await pulumi(clone, "preview", "--expect-no-changes")).code).toBe(0);
  });
});

describe("a delay that is changed while consumers from before the change run and their messages fail", () => {
  const running = [
    { flow: "rabbitmq/orders-v2", producer: "shop", consumer: "worker" },
    { flow: "kafka/events-v2", producer: "shop", consumer: "worker", group: "billing" },
  ];

  it.each(["3s", "2s"])("stops none of them and loses nothing when it becomes %s", async (initialDelay) => {
    const apps = await traffic(await output<Apps>(clone, "apps"), running, `until-${initialDelay}`);
    await wait(3_000);
    changeSkill(clone, (skill) => {
      skill.retry.initialDelay = initialDelay;
    });
    await up();
    expect(said.at(-1)).toMatch(/not in the skill any more, and kept/);
    await up();
    expect(said.at(-1)).toMatch(/kept \(.*\d connections? of worker with an earlier output/);
    expect(said.at(-1)).toMatch(/kept \(.*: \d consumers? of worker with an earlier output/);
    await wait(3_000);
    const result = await apps.settle(await output<OperatorAccess>(clone, "operator"), 20_000);
    console.log(`  until ${initialDelay}: ${JSON.stringify(result)}`);
    expect(result).toMatchObject({ lost: 0, wronglyEnded: 0 });
    expect(result.standstill).toBeLessThan(18_000);
  });

  it("stays only until nobody runs with an earlier output", async () => {
    expect(await queues()).toHaveProperty(["messaging.retry.3000ms"]);
    await up();
    const tiers = Object.keys(await queues()).filter((name) => name.startsWith("messaging.retry."));
    expect(tiers).toEqual(["messaging.retry.2000ms"]);
    expect((await pulumi(clone, "preview", "--expect-no-changes")).code).toBe(0);
  });
});
