import { describe, expect, it } from "vitest";
import { beforeCreate, beforeDelete, beforeUpdate } from "../../../infra/gate/hooks.ts";
import type { Run } from "../../../infra/gate/run.ts";
import { everything as everythingOfSqs } from "../../../infra/gate/sqs.ts";
import { guardedTypes } from "../../../infra/gate/table.ts";
import type { Holding, Look } from "../../../live/index.ts";
import { fakeRun } from "./fake.ts";

const QUEUE = "aws:sqs/queue:Queue";
const GROUP = "messaging-extras:redis:ConsumerGroup";
const USER = "messaging-extras:redis:User";
const SERVER = "aws:elasticache/replicationGroup:ReplicationGroup";
const place = { stack: "test", allowed: [] };
const two: Holding = { messages: 2, waiting: 2, detail: "1 visible, 1 in flight" };

/** What SQS has by queue URL, and each Redis instance by `<stream>/<group>` or user. */
interface Fake {
  queues?: Record<string, Holding>;
  redis?: Record<string, Record<string, Holding>>;
  /** Bytes in use on instance `cache`. */
  used?: number;
}

function runOf({ queues = {}, redis = {}, used }: Fake): Run {
  const sqs = {
    queue: async (url: string) => queues[url],
    exists: async (name: string) => Object.keys(queues).some((url) => url.endsWith(`/${name}`)),
    all: async () => Object.entries(queues).map(([url, holding]) => ({ name: url.split("/").at(-1)!, holding })),
  };
  const redisOf = async (instance: string) =>
    (instance === "cache" && { usedMemory: async () => used }) ||
    (redis[instance] && {
      group: async (stream: string, group: string) => redis[instance]![`${stream}/${group}`],
      exists: async (user: string) => user in redis[instance]!,
    });
  const run = fakeRun({});
  run.asking = async (ask) => ask({ sqs: async () => sqs, redis: redisOf } as unknown as Look);
  return run;
}

const refusal = (asked: Promise<void>): Promise<string> =>
  asked.then(
    () => "passes",
    (error: Error) => error.message.split("\n")[0]!,
  );
const deleting = (type: string, name: string, inputs: object, outputs: object, run: Run) =>
  refusal(
    beforeDelete(
      guardedTypes[type]!,
      { urn: "", id: "", name, type, oldInputs: inputs, oldOutputs: outputs },
      run,
      place,
    ),
  );
const making = (type: string, name: string, newInputs: object, run: Run) =>
  refusal(beforeCreate(guardedTypes[type]!, { urn: "", id: "", name, type, newInputs }, run));

describe("an SQS queue", () => {
  const url = "http://a:1/0/payments.fifo";
  const inputs = { name: "payments.fifo", fifoQueue: true };

  it("is known by its URL, and called as in the skill", async () => {
    expect(await deleting(QUEUE, "payments", inputs, { url }, runOf({ queues: { [url]: two } }))).toBe(
      "sqs/payments holds 2 messages (1 visible, 1 in flight): deleting it would lose them.",
    );
    const dead = { name: "payments-dlq.fifo", fifoQueue: true };
    const other = { url: "http://a:1/0/payments-dlq.fifo" };
    expect(await deleting(QUEUE, "payments-dlq", dead, other, runOf({ queues: { [other.url]: two } }))).toContain(
      "sqs/payments-dlq holds 2 messages",
    );
    expect(await deleting(QUEUE, "payments", inputs, { url }, runOf({}))).toBe("passes");
  });

  it("stays FIFO or not, even empty", async () => {
    const run = runOf({});
    run.declare(QUEUE, "payments", { ...inputs, fifoQueue: false });
    expect(await deleting(QUEUE, "payments", inputs, { url }, run)).toContain(
      "sqs/payments: must keep its fifoQueue, true, got false",
    );
  });

  it("must not be there before it is made", async () => {
    expect(await making(QUEUE, "payments", inputs, runOf({ queues: { [url]: two } }))).toContain(
      "sqs/payments: must not exist yet, got a queue",
    );
    expect(await making(QUEUE, "payments", inputs, runOf({}))).toBe("passes");
  });

  it("is not counted with the emulator's volume where it goes by itself", async () => {
    const run = runOf({ queues: { [url]: two, "http://a:1/0/others": { ...two, detail: "2 visible" } } });
    run.leaving.add("sqs/payments");
    const held = await everythingOfSqs(run);
    expect(held).toEqual({ messages: 2, waiting: 2, detail: "others: 2 visible" });
  });
});

describe("a consumer group of Redis", () => {
  const name = "notifications/emails/mailer";
  const inputs = { stream: "emails", group: "mailer" };
  const held = { "emails/mailer": { messages: 5, waiting: 5, detail: "2 not acknowledged, 3 not read" } };

  it("stays while it has entries in hand or not read", async () => {
    expect(await deleting(GROUP, name, inputs, inputs, runOf({ redis: { notifications: held } }))).toBe(
      "redis/notifications/emails/mailer holds 5 messages (2 not acknowledged, 3 not read): deleting it would lose them.",
    );
    const none = { "emails/mailer": { ...held["emails/mailer"], messages: 0 } };
    expect(await deleting(GROUP, name, inputs, inputs, runOf({ redis: { notifications: none } }))).toBe("passes");
  });

  it("stays where nothing says how its server is reached", async () => {
    expect(await deleting(GROUP, name, inputs, inputs, runOf({}))).toBe(
      "redis/notifications/emails/mailer cannot be looked at, and so counts as not empty (nothing says how Redis notifications is reached: keep messaging:redis.servers.notifications until all of it is gone).",
    );
  });

  it("must not be there before it is made, nor a user", async () => {
    expect(await making(GROUP, name, inputs, runOf({ redis: { notifications: held } }))).toContain(
      "redis/notifications/emails/mailer: must not exist yet, got a consumer group",
    );
    expect(await making(GROUP, name, inputs, runOf({ redis: { notifications: {} } }))).toBe("passes");
    const run = runOf({ redis: { notifications: { mailer: two } } });
    expect(await making(USER, "notifications/mailer", { name: "mailer" }, run)).toContain(
      "redis/notifications/user/mailer: must not exist yet, got a user",
    );
  });
});

describe("the memory of a Redis server", () => {
  const of = (bytes: number) => ({ parameters: { maxmemory: String(bytes) } });
  const MIB = 2 ** 20;
  const type = "messaging-extras:redis:Settings";
  const updating = (from: number, to: number, used: number) => {
    const call = { urn: "", id: "", name: "cache", type, oldInputs: of(from), oldOutputs: {}, newInputs: of(to) };
    return refusal(beforeUpdate(guardedTypes[type]!, call, runOf({ used }), place));
  };

  it("stays above what is in use, as all writes would be refused", async () => {
    expect(await updating(64 * MIB, 16 * MIB, 22 * MIB)).toBe(
      "redis/cache: must have a maxMemory above the 22.0 MiB that are in use, got 16.0 MiB: the server would refuse every write.",
    );
    expect(await updating(64 * MIB, 22 * MIB, 22 * MIB)).toContain("must have a maxMemory above");
    expect(await updating(64 * MIB, 23 * MIB, 22 * MIB)).toBe("passes");
  });

  it("may always become more, on a full server above all", async () => {
    expect(await updating(16 * MIB, 20 * MIB, 22 * MIB)).toBe("passes");
  });

  it("is not given to somebody's server that uses more", async () => {
    expect(await making(type, "cache", of(16 * MIB), runOf({ used: 22 * MIB }))).toContain(
      "redis/cache: must have a maxMemory above the 22.0 MiB that are in use",
    );
    expect(await making(type, "cache", of(16 * MIB), runOf({ used: MIB }))).toBe("passes");
  });
});

describe("an ElastiCache server", () => {
  const inputs = { replicationGroupId: "notifications", engine: "redis", port: 6379 };

  it("cannot be asked, and so counts as not empty", async () => {
    expect(await deleting(SERVER, "notifications", inputs, inputs, runOf({}))).toBe(
      "redis/notifications cannot be looked at, and so counts as not empty (an ElastiCache server answers inside its VPC only).",
    );
  });

  it("is not taken for another where an older plugin kept a yes as text", async () => {
    const run = runOf({});
    run.declare(SERVER, "notifications", { ...inputs, atRestEncryptionEnabled: true });
    const before = { ...inputs, atRestEncryptionEnabled: "true" };
    expect(await deleting(SERVER, "notifications", before, before, run)).toContain("cannot be looked at");
  });

  it("is not made anew for another engine", async () => {
    const run = runOf({});
    run.declare(SERVER, "notifications", { ...inputs, engine: "valkey" });
    expect(await deleting(SERVER, "notifications", inputs, inputs, run)).toContain(
      "redis/notifications: must keep its engine, redis, got valkey",
    );
  });
});
