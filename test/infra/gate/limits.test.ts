import { describe, expect, it } from "vitest";
import { beforeCreate, beforeUpdate } from "../../../infra/gate/hooks.ts";
import { allYounger, lowered } from "../../../infra/gate/limits.ts";
import { guardedTypes } from "../../../infra/gate/table.ts";
import type { Holding, Look } from "../../../live/index.ts";
import { fakeRun } from "./fake.ts";

const HOUR = 3_600_000;
const three: Holding = { messages: 3, waiting: 3, detail: "3 ready" };
const ago = (hours: number) => new Date(Date.now() - hours * HOUR);

const passes = (run: ReturnType<typeof fakeRun>) => (run.unused().length > 0 ? "passes, and needs no entry" : "passes");

/** What is said of a change in place where the broker holds this. */
async function said(type: string, before: object, after: object, held: Holding | undefined, allowed: string[] = []) {
  const run = fakeRun({}, { allowed });
  const broker = { topic: async () => held, queue: async () => held, settings: async () => ({}) };
  const look = { rabbitmq: async () => broker, kafka: async () => broker, sqs: async () => broker };
  run.asking = async (ask) => ask(look as unknown as Look);
  const inputs = { name: "orders", vhost: "v" };
  const call = { oldInputs: { ...inputs, ...before }, oldOutputs: { url: "u" }, newInputs: { ...inputs, ...after } };
  return beforeUpdate(guardedTypes[type]!, { urn: "", id: "", name: "orders", type, ...call }, run, {
    stack: "test",
    allowed: [],
  }).then(
    () => passes(run),
    (error: Error) => error.message,
  );
}

describe("a topic that is to keep less", () => {
  const topic = (before: object, after: object, held: Holding | undefined, allowed?: string[]) =>
    said("kafka:index/topic:Topic", { config: before }, { config: after }, held, allowed);
  const days = (count: number) => ({ "retention.ms": String(count * 24 * HOUR) });
  const old = { ...three, oldest: ago(72) };

  it("is not changed where a record would be too old, unless it may go", async () => {
    expect((await topic(days(7), days(1), old)).replace(/3 d ago/, "<then>")).toMatchInlineSnapshot(`
      "kafka/orders holds 3 messages (3 ready; the oldest came <then>): with retention.ms 86400000 in place of 604800000 the broker would delete what is beyond that.
        Leave it until they may go. Or lose them on purpose, once: name kafka/orders in messaging:allowDataLoss of Pulumi.test.yaml."
    `);
    expect(await topic(days(7), days(1), old, ["kafka/orders"])).toBe("passes");
  });

  it("is changed where all is younger, or nothing is there, or it keeps more", async () => {
    expect(await topic(days(7), days(4), old)).toBe("passes");
    expect(await topic(days(7), days(1), { ...three, messages: 0 })).toBe("passes");
    expect(await topic(days(7), days(1), undefined)).toBe("passes");
    expect(await topic(days(1), days(7), old)).toBe("passes");
    expect(await topic(days(1), days(7), old, ["kafka/orders"])).toBe("passes, and needs no entry");
    expect(await topic(days(7), { "retention.ms": "-1" }, old)).toBe("passes");
  });

  it("is not changed where nobody can tell what would go", async () => {
    expect(await topic(days(7), days(1), three)).toContain("kafka/orders holds 3 messages");
    expect(await topic({}, { "retention.bytes": "1000" }, three)).toContain(
      "with retention.bytes 1000 in place of no limit",
    );
    expect(await topic({}, { "cleanup.policy": "compact" }, three)).toContain(
      "with cleanup.policy compact in place of delete",
    );
    const both = { ...days(4), "retention.bytes": "1000" };
    expect(await topic(days(7), both, { ...three, oldest: ago(1) })).toContain("and retention.bytes 1000");
  });

  it("is changed where its policy never deletes", async () => {
    const compact = { "cleanup.policy": "compact" };
    expect(await topic({ ...compact, ...days(7) }, { ...compact, ...days(1) }, old)).toBe("passes");
  });
});

describe("an SQS queue that is to keep its messages for a shorter time", () => {
  const queue = (before: number, after: number, held: Holding | undefined) =>
    said("aws:sqs/queue:Queue", { messageRetentionSeconds: before }, { messageRetentionSeconds: after }, held);

  it("is changed only while it is empty, as SQS does not tell how old they are", async () => {
    expect(await queue(1000, 100, three)).toBe(
      "sqs/orders holds 3 messages (3 ready): with messageRetentionSeconds 100 in place of 1000 the broker would delete what is beyond that.\n  Leave it until they may go. Or lose them on purpose, once: name sqs/orders in messaging:allowDataLoss of Pulumi.test.yaml.",
    );
    expect(await queue(1000, 100, undefined)).toBe("passes");
    expect(await queue(100, 1000, three)).toBe("passes");
  });
});

describe("a RabbitMQ queue whose policy is to keep less", () => {
  interface Now {
    type?: string;
    args?: Record<string, unknown>;
    users?: string[];
    deliveryLimit?: number;
    allowed?: string[];
    made?: boolean;
    held?: Holding;
  }
  const policy = async (before: object, after: object, now: Now = {}, ask = beforeUpdate) => {
    const run = fakeRun({}, { allowed: now.allowed ?? [] });
    const limits = { type: "quorum", args: {}, users: [], ...now, definition: before };
    const rabbitmq = { queue: async () => now.held ?? three, limits: async () => limits, exists: async () => false };
    run.asking = async (question) => question({ rabbitmq: async () => rabbitmq } as unknown as Look);
    if (now.made) run.made.add("rabbitmq/orders");
    const inputs = (definition: object) => ({ name: "orders", vhost: "v", policy: { definition } });
    const call = { oldInputs: inputs(before), oldOutputs: {}, newInputs: inputs(after) };
    const type = "rabbitmq:index/policy:Policy";
    const place = { stack: "test", allowed: [] };
    return ask(guardedTypes[type]!, { urn: "", id: "", name: "orders", type, ...call }, run, place).then(
      () => passes(run),
      (error: Error) => error.message,
    );
  };
  const asks: [string, typeof beforeUpdate][] = [
    ["changed", beforeUpdate],
    ["made", (guarded, call, run) => beforeCreate(guarded, call, run)],
  ];
  const dead = { "dead-letter-exchange": "dead" };
  const full = { overflow: "reject-publish" };
  const none = { messages: 0, waiting: 0, detail: "0 ready" };

  it.each(asks)("is not %s where messages would go", async (_, ask) => {
    const says = (before: object, after: object, now: Now = {}) => policy(before, after, now, ask);
    const gone: [object, object, Now?][] = [
      [{ "message-ttl": 1000 }, { "message-ttl": "100" }],
      [{}, { "message-ttl": "100" }],
      [{ "message-ttl": 100, ...dead }, { "message-ttl": "100" }],
      [{}, { expires: "1000" }],
      [
        { expires: 2000, ...dead },
        { expires: "1000", ...dead },
      ],
      [{}, { "max-length": "2" }],
      [{ "max-length": 2, ...full }, { "max-length": "2" }],
      [{}, { "max-length-bytes": "1000" }],
      [{}, { "max-age": "60s" }, { type: "stream" }],
      [{ "max-age": "1h" }, { "max-age": "59m" }, { type: "stream" }],
      [{}, { "max-age": "7D", ...dead }, { type: "stream" }],
      [{}, { "max-age": "1 week" }, { type: "stream" }],
      [{ "max-length-bytes": 9 }, { "max-length-bytes": "8", ...full }, { type: "stream" }],
      [{}, { "max-age": "60s" }, { type: "stream", args: { "x-max-age": "1h" } }],
    ];
    for (const [before, after, now] of gone) {
      expect(await says(before, after, now), JSON.stringify([before, after])).toMatch(
        /^rabbitmq\/orders holds 3 messages \(3 ready\): with .* the broker would delete what is beyond that\./,
      );
      expect(await says(before, after, { ...now, allowed: ["rabbitmq/orders"] })).toBe("passes");
      expect(await says(before, after, { ...now, held: none })).toBe("passes");
      expect(await says(before, after, { ...now, made: true })).toBe("passes");
    }
  });

  it.each(asks)("is %s where none would", async (_, ask) => {
    const kept: [object, object, Now?][] = [
      [
        { ...dead, "message-ttl": 1000 },
        { ...dead, "message-ttl": "100" },
      ],
      [{ "message-ttl": 100 }, { "message-ttl": "100", "delivery-limit": "4" }],
      [{ "message-ttl": 100 }, { "message-ttl": "1000" }],
      [{ expires: 1000 }, {}],
      [{}, { "message-ttl": "1000" }, { args: { "x-message-ttl": 500 } }],
      [{}, { "max-length": "3" }],
      [{}, { "max-length": "2", ...full }],
      [{ "max-age": "60m" }, { "max-age": "3600s" }, { type: "stream" }],
      [{}, { "message-ttl": "100" }, { type: "stream" }],
    ];
    for (const [before, after, now] of kept) {
      expect(await policy(before, after, now, ask), JSON.stringify([before, after])).toBe("passes");
      const allowed = ["rabbitmq/orders"];
      expect(await policy(before, after, { ...now, allowed }, ask)).toBe("passes, and needs no entry");
    }
  });

  it.each(asks)("is not %s where others' clients would feel a delivery limit", async (_, ask) => {
    const limit = { ...dead, "delivery-limit": "2" };
    const users = ["billing"];
    expect(await policy({}, limit, { users, deliveryLimit: 20 }, ask)).toContain(
      "rabbitmq/orders: must keep its delivery limit, 20, got 2: it is consumed by billing, which this skill does not know",
    );
    expect(await policy({}, limit, { users }, ask)).toContain("its delivery limit, none, got 2");
    expect(await policy({}, limit, { users, deliveryLimit: 2 }, ask)).toBe("passes");
    expect(await policy({}, limit, { users, allowed: ["rabbitmq/orders"] }, ask)).toBe("passes");
    expect(await policy({}, limit, { deliveryLimit: 20 }, ask)).toBe("passes");
  });
});

it("A limit is lower where there was none, and is none where it is negative", () => {
  expect(lowered(["a", "b", "c"], { b: -1, c: 5 }, { a: 1, b: "2", c: "6" })).toEqual([
    { setting: "a", from: Number.POSITIVE_INFINITY, to: 1 },
    { setting: "b", from: Number.POSITIVE_INFINITY, to: 2 },
  ]);
  expect(allYounger({ ...three, oldest: new Date(1000) }, 500, 1400)).toBe(true);
  expect(allYounger({ ...three, oldest: new Date(1000) }, 500, 1500)).toBe(false);
  expect(allYounger(three, 500)).toBe(false);
});
