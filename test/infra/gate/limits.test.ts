import { describe, expect, it } from "vitest";
import { beforeUpdate } from "../../../infra/gate/hooks.ts";
import { allYounger, lowered } from "../../../infra/gate/limits.ts";
import { guardedTypes } from "../../../infra/gate/table.ts";
import type { Holding, Look } from "../../../live/index.ts";
import { fakeRun } from "./fake.ts";

const HOUR = 3_600_000;
const three: Holding = { messages: 3, waiting: 3, detail: "3 ready" };
const ago = (hours: number) => new Date(Date.now() - hours * HOUR);

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
    () => "passes",
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
  const policy = (before: object, after: object, allowed: string[] = []) => {
    const of = (definition: object) => ({ policy: { definition } });
    return said("rabbitmq:index/policy:Policy", of(before), of(after), three, allowed);
  };

  it("is not changed where what expires goes nowhere, unless it may go", async () => {
    const [long, short] = [{ "message-ttl": "1000" }, { "message-ttl": "100" }];
    expect(await policy(long, short)).toContain(
      "rabbitmq/orders holds 3 messages (3 ready): with message-ttl 100 in place of 1000",
    );
    expect(await policy({}, short)).toContain("in place of no limit");
    expect(await policy(long, short, ["rabbitmq/orders"])).toBe("passes");
    const deadLettered = { "dead-letter-exchange": "dead" };
    expect(await policy({ ...deadLettered, ...long }, { ...deadLettered, ...short })).toBe("passes");
  });

  it("is not changed where it would be too full and drops", async () => {
    expect(await policy({}, { "max-length": "2" })).toContain("with max-length 2 in place of no limit");
    expect(await policy({}, { "max-length": "3" })).toBe("passes");
    expect(await policy({}, { "max-length": "2", overflow: "reject-publish" })).toBe("passes");
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
