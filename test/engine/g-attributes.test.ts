import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { type AppAccess, connect } from "../../client/index.ts";
import type { OperatorAccess } from "../../client/operator.ts";
import { openLook } from "../../live/index.ts";
import { type Row, rowsOf } from "./attributes.ts";
import { output } from "./clone.ts";
import { must } from "./command.ts";
import { allow } from "./gate.ts";
import { attributesOf, type Mutation, mutable, mutated, type Verdict, verdictsOn } from "./mutated.ts";

const clone = inject("clone");
const MESSAGES = 5;
const rows = rowsOf(clone);
const verdicts = new Map<Row, Verdict>();
const rowsThatAre = (verdict: Verdict) => rows.filter((row) => verdicts.get(row) === verdict);

const FLOWS = {
  rabbitmq: ["order-service", "rabbitmq/orders", "order.created"],
  kafka: ["order-service", "kafka/user-events", "k"],
  sqs: ["payment-service", "sqs/payments"],
  redis: ["notification-service", "redis/notifications/emails"],
} as const;
type Broker = keyof typeof FLOWS;
const BROKERS = Object.keys(FLOWS) as Broker[];
const CONTAINER = "docker:index/container:Container";

/** One refused or gated row of each type, what is named to let it go, whose messages go with it, and where some are sent anew. */
const LET_GO: { text: string; goes: string; broker?: Broker; again?: Broker }[] = [
  {
    text: 'Queue settings/argumentsJson -> "{\\"x-queue-type\\":\\"classic\\"}"',
    goes: "rabbitmq/orders",
    broker: "rabbitmq",
    again: "rabbitmq",
  },
  { text: "Topic partitions -> 3", goes: "kafka/user-events", broker: "kafka", again: "kafka" },
  { text: 'Queue name -> "others.fifo"', goes: "sqs/payments", broker: "sqs", again: "sqs" },
  { text: 'ConsumerGroup group -> "others"', goes: "redis/notifications/emails/mailer", broker: "redis" },
  { text: 'Exchange settings/type -> "direct"', goes: "rabbitmq/exchange/order-events" },
];

async function publish(broker: Broker): Promise<void> {
  const [app, flow, key] = FLOWS[broker];
  const client = connect((await output<Record<string, AppAccess>>(clone, "apps"))[app]!);
  for (let at = 0; at < MESSAGES; at++) await client.publish(flow, { body: `m${at}`, ...(key && { key }) });
  await client.close();
}

/** What each broker holds of the messages that this file sent. */
async function held(): Promise<Record<Broker, number>> {
  const { rabbitmq, kafka, sqs, redis } = await output<OperatorAccess>(clone, "operator");
  const look = openLook({ rabbitmq, kafka, sqs, redis: (instance) => redis?.[instance] });
  const holding = {
    rabbitmq: await (await look.rabbitmq())!.queue("orders", "orders"),
    kafka: await (await look.kafka())!.topic("user-events"),
    sqs: await (await look.sqs())!.queue(sqs!.deadLetters[0]!.queueUrl),
    redis: await (await look.redis("notifications"))!.group("emails", "mailer"),
  };
  await look.close();
  const counts = BROKERS.map((broker) => [broker, holding[broker]?.messages ?? 0]);
  return Object.fromEntries(counts);
}

const up = async (...mutations: Mutation[]): Promise<string> => {
  const { code, output: printed } = await mutated(clone, mutations, "up", "--yes", "--skip-preview");
  expect(code, printed).toBe(0);
  return printed;
};

/** Asks for all that goes together in one preview, and for the others two at a time. */
async function judge(): Promise<void> {
  const waiting = [rows.filter(({ alone }) => !alone), ...rows.filter(({ alone }) => alone).map((row) => [row])];
  const work = async () => {
    for (let asked = waiting.shift(); asked; asked = waiting.shift()) {
      const said = await verdictsOn(clone, asked);
      for (const [at, row] of asked.entries()) verdicts.set(row, said[at]!);
    }
  };
  await Promise.all([work(), work()]);
}

const containers = async () =>
  (
    await must("docker", [
      "ps",
      "--no-trunc",
      "--filter",
      `name=messaging-${clone.environment}-`,
      "--format",
      "{{.ID}}",
    ])
  )
    .trim()
    .split("\n")
    .sort();

let putBack = () => {};
let before: Awaited<ReturnType<typeof held>>;
beforeAll(async () => {
  for (const broker of BROKERS) await publish(broker);
  putBack = mutable(clone);
  before = await held();
});
afterAll(() => {
  allow(clone);
  putBack();
});

describe("every attribute of what holds messages", () => {
  it("is in the table", async () => {
    const set = await attributesOf(clone);
    const missing = [...new Set(rows.map(({ type }) => type))].flatMap((type) =>
      set[type]!.filter((attribute) => !rows.some((row) => row.type === type && row.attribute === attribute)).map(
        (attribute) => `${type} ${attribute}`,
      ),
    );
    expect(missing).toEqual([]);
  });

  it("is changed in place, ignored, refused, or gated, and of a container made anew: so a preview says", async () => {
    expect(Object.values(before).every((messages) => messages >= MESSAGES)).toBe(true);
    await judge();
    expect(rows.map((row) => `${row.text}: ${verdicts.get(row)}`).join("\n")).toMatchInlineSnapshot(`
      "Queue name -> "others": gated
      Queue settings/argumentsJson -> "{\\"x-queue-type\\":\\"classic\\"}": refused
      Queue settings/autoDelete -> true: gated
      Queue settings/durable -> false: gated
      Queue vhost -> "others": refused
      Exchange name -> "others": refused
      Exchange settings/autoDelete -> true: refused
      Exchange settings/durable -> false: refused
      Exchange settings/type -> "direct": refused
      Exchange vhost -> "others": refused
      VHost name -> "others": refused
      Topic config/compression.type -> "gzip": in place
      Topic config/max.message.bytes -> "2000000": in place
      Topic config/retention.ms -> "691200000": in place
      Topic config/unclean.leader.election.enable -> "true": in place
      Topic config/min.insync.replicas -> "2": refused
      Topic config/cleanup.policy -> "compact": gated
      Topic config/retention.ms -> "1": gated
      Topic name -> "others": gated
      Topic partitions -> 3: refused
      Topic partitions -> 12: in place
      Topic replicationFactor -> 2: refused
      Queue contentBasedDeduplication -> false: in place
      Queue deduplicationScope -> "messageGroup": in place
      Queue fifoThroughputLimit -> "perMessageGroupId": in place
      Queue receiveWaitTimeSeconds -> 10: in place
      Queue sqsManagedSseEnabled -> false: in place
      Queue tags -> {"team":"others"}: in place
      Queue visibilityTimeoutSeconds -> 31: in place
      Queue fifoQueue -> false: refused
      Queue kmsMasterKeyId -> "alias/aws/sqs": in place
      Queue messageRetentionSeconds -> 60: gated
      Queue name -> "others.fifo": gated
      ConsumerGroup group -> "others": gated
      ConsumerGroup stream -> "others": gated
      Volume labels -> and {"label":"messaging.other","value":"others"}: ignored
      Volume name -> "others": ignored
      Container capabilities/drops -> ["SYS_ADMIN"]: made anew
      Container command -> and "others": made anew
      Container destroyGraceSeconds -> 61: in place
      Container entrypoints -> ["/bin/sh"]: made anew
      Container envs -> and "TZ=UTC": made anew
      Container healthcheck/interval -> "3s": made anew
      Container healthcheck/retries -> 4: made anew
      Container healthcheck/startPeriod -> "50s": made anew
      Container healthcheck/tests -> and "others": made anew
      Container healthcheck/timeout -> "6s": made anew
      Container hostname -> "others": ignored
      Container image -> "messaging.local/redis:8.0.2": made anew
      Container labels -> and {"label":"messaging.other","value":"others"}: ignored
      Container logDriver -> "local": made anew
      Container logOpts/max-file -> "4": made anew
      Container logOpts/max-size -> "11m": made anew
      Container name -> "messaging-gate-others": ignored
      Container networkMode -> "default": made anew
      Container ports -> and {"internal":6380,"external":21679,"ip":"127.0.0.1","protocol":"tcp"}: made anew
      Container privileged -> true: made anew
      Container restart -> "always": in place
      Container securityOpts -> ["no-new-privileges:true"]: made anew
      Container stopTimeout -> 61: made anew
      Container uploads -> and {"file":"/etc/messaging/others","content":"others"}: made anew
      Container user -> "999": made anew
      Container volumes -> and {"containerPath":"/others"}: made anew
      Container wait -> false: in place
      Container waitTimeout -> 121: in place"
    `);
    expect(rowsThatAre("made anew").every(({ type }) => type === CONTAINER)).toBe(true);
    expect(await held()).toEqual(before);
  });

  it("loses nothing where it is changed in place, and nothing when it is put back", async () => {
    const there = await containers();
    const inPlace = rowsThatAre("in place").filter(({ attribute }) => attribute !== "partitions");
    // Partitions are never taken away: the last test adds some.
    expect(await up(...inPlace.filter(({ alone }) => !alone))).not.toMatch(/replace|create|delete/);
    expect(await containers()).toEqual(there);
    expect(await held()).toEqual(before);
    expect(await up(...inPlace.filter(({ alone }) => alone))).not.toMatch(/replace|create|delete/);
    expect(await held()).toEqual(before);
  });

  it("loses nothing where a container is made anew, as its volume stays", async () => {
    const there = await containers();
    await up(...rowsThatAre("made anew"));
    expect((await containers()).filter((id) => there.includes(id)).length).toBe(there.length - 1);
    expect(await held()).toEqual(before);
    await up();
    expect(await held()).toEqual(before);
  });

  it("goes with what it holds where messaging:allowDataLoss names it, and nothing else does", async () => {
    const now = { ...before };
    const done: Mutation[] = [];
    for (const { text, goes, broker, again } of LET_GO) {
      const row = rows.find((one) => one.text === text)!;
      expect(["refused", "gated"]).toContain(verdicts.get(row));
      done.push(row);
      allow(clone, goes);
      await up(...done);
      if (broker) now[broker] = 0;
      expect(await held(), text).toEqual(now);
      if (!again) continue;
      await publish(again);
      now[again] = MESSAGES;
      expect(await held(), text).toEqual(now);
    }
    // Put back: what is there now is let go by the names that it has now, and the topic gets partitions in place.
    allow(
      clone,
      "rabbitmq/orders",
      "rabbitmq/exchange/order-events",
      "sqs/others",
      "redis/notifications/emails/others",
    );
    await up();
    expect(await held()).toMatchObject({ rabbitmq: 0, kafka: MESSAGES, sqs: 0 });
  });
});
