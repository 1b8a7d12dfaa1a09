import { expect, it } from "vitest";
import { droppedFrom } from "../../../infra/gate/dropped.ts";

const row = (broker: string, kind: string, name: string) => ({ broker, kind, name, detail: "" });
const rows = [
  row("rabbitmq", "vhost", "shop"),
  row("rabbitmq", "exchange", "events"),
  row("rabbitmq", "delay tier", "messaging.retry.1000ms"),
  row("rabbitmq", "queue", "orders"),
  row("rabbitmq", "dead-letter queue", "orders.dlq"),
  row("kafka", "topic", "events"),
  row("kafka", "retry topic", "events.mail.retry.1000"),
  row("kafka", "dead-letter topic", "events.mail.dlt"),
  row("sqs", "queue", "payments.fifo"),
  row("sqs", "dead-letter queue", "payments-dlq.fifo"),
  row("redis", "instance", "cache"),
  row("redis", "stream", "cache/emails"),
  row("redis", "dead-letter stream", "cache/emails.mailer.dlq"),
];
const letters = { flow: "", stream: "emails", group: "mailer", deadLetterStream: "emails.mailer.dlq" };
const operator = { rabbitmq: { vhost: "shop" }, redis: { cache: { deadLetters: [letters] } } };
const apps = { shop: { sqs: { publishes: { payments: { queueUrl: "https://sqs/1/payments.fifo" } }, consumes: {} } } };
const last = { summary: rows, operator, apps } as unknown as Parameters<typeof droppedFrom>[0];
type Rows = typeof rows;
const inputs = (now: Rows, { local = false, earlier = last } = {}) =>
  droppedFrom(earlier, now, local).map((together) =>
    together.map(({ type, old, changes = [] }) => [
      type.split(":").at(-1),
      ...Object.values({ ...old.inputs, ...old.outputs }),
      ...changes,
    ]),
  );
const bound = rows.filter(({ broker }) => broker === "rabbitmq").map(({ name }) => name);
const nothing = [[], [], [], []];

const held = [
  ["Queue", "messaging.retry.1000ms", "shop"],
  ["Queue", "orders", "shop"],
  ["Queue", "orders.dlq", "shop"],
  ["Topic", "events"],
  ["Topic", "events.mail.retry.1000"],
  ["Topic", "events.mail.dlt"],
  ["Queue", "payments.fifo", "https://sqs/1/payments.fifo"],
  ["Queue", "payments-dlq.fifo", "https://sqs/1/payments-dlq.fifo"],
  ["ConsumerGroup", "emails", "mailer"],
];
const around = [
  [
    ["Exchange", "events", "shop", bound],
    ["Exchange", "messaging.retry.1000ms", "shop", bound],
  ],
  [["VHost", "shop", "shop"]],
];

it("is all of the last outputs that the program has no more: what holds messages, then the exchanges, then the vhost", () => {
  expect(inputs([])).toEqual([held, ...around, []]);
});

it("is last of all the volume of a broker of ours that has nothing in the skill any more", () => {
  expect(inputs([], { local: true })).toEqual([
    held,
    ...around,
    [
      ["Volume", "-rabbitmq"],
      ["Volume", "-kafka"],
      ["Volume", "-localstack"],
      ["Volume", "-redis-cache"],
    ],
  ]);
  const one = rows.filter(({ kind }) => ["vhost", "topic", "queue", "instance"].includes(kind));
  expect(inputs(one, { local: true }).at(-1)).toEqual([]);
});

it("is the server of ElastiCache, of which nobody has an administrator's login", () => {
  const earlier = { ...last, operator: { rabbitmq: operator.rabbitmq } } as typeof last;
  const now = rows.filter(({ broker }) => broker !== "redis");
  expect(inputs(now, { earlier })).toEqual([[], [], [], [["ReplicationGroup", "cache"]]]);
});

it("is nothing where all is declared as it was, or nothing was made before", () => {
  expect(inputs(rows)).toEqual(nothing);
  expect(inputs(rows, { local: true, earlier: {} })).toEqual(nothing);
});

it("is what went alone, whatever else was changed of the rest", () => {
  const now = rows.filter(({ name }) => name !== "orders").map((one) => ({ ...one, detail: "changed" }));
  expect(inputs(now, { local: true })).toEqual([[["Queue", "orders", "shop"]], [], [], []]);
});

it("is all of a vhost that has another name now, its exchanges included", () => {
  const changed = "vhost, shop, got market";
  const now = rows
    .filter(({ name }) => name !== "orders.dlq")
    .map((one) => (one.kind === "vhost" ? { ...one, name: "market" } : one));
  expect(inputs(now)).toEqual([
    [
      ["Queue", "messaging.retry.1000ms", "shop", changed],
      ["Queue", "orders", "shop", changed],
      ["Queue", "orders.dlq", "shop"],
    ],
    [
      ["Exchange", "events", "shop", bound, changed],
      ["Exchange", "messaging.retry.1000ms", "shop", bound, changed],
    ],
    [["VHost", "shop", "shop"]],
    [],
  ]);
});
