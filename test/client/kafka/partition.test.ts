import { describe, expect, it } from "vitest";
import { canaryHeader, HEADERS, type Headers } from "../../../client/headers.ts";
import { nextTargets, workOn } from "../../../client/kafka/partition.ts";
import type { NewRecord, StoredRecord } from "../../../client/kafka/records.ts";
import { slots } from "../../../client/kafka/slots.ts";
import { type ConsumeOptions, type Handler, OutdatedAccessError, RefusedError } from "../../../client/message.ts";
import { recordOf, subscriptionOf } from "./specs.ts";

interface Given {
  records: StoredRecord[];
  handler: Handler;
  options?: ConsumeOptions;
  ordered?: boolean;
  /** How often publishing fails at first. */
  failures?: number;
  /** How many bytes of headers and value a topic takes at most. */
  most?: number;
  ending?: AbortController;
  lost?: AbortController;
}

/** Works on records until there are no more, and says in which order what was done. */
async function worked({ records, handler, options = {}, ordered = false, failures = 0, most, ...given }: Given) {
  const log: string[] = [];
  const sent: NewRecord[] = [];
  const errors: string[] = [];
  const rest = [...records];
  const ending = given.ending ?? new AbortController();
  const lost = given.lost ?? new AbortController();
  let left = failures;
  let ended: unknown;
  await workOn({
    subscription: subscriptionOf(ordered ? { ordered, retries: [], delays: [1, 1] } : {}),
    handler: (delivery) => {
      log.push(`handle ${delivery.body} ${delivery.attempt}`);
      return handler(delivery);
    },
    options,
    slots: slots(1),
    refusals: new Map(),
    onError: ({ message }) => errors.push(message),
    producer: {
      async send(record) {
        if (left-- > 0) throw new Error("not now");
        const size = [record.value, ...record.rawHeaders.flat()].reduce((sum, part) => sum + (part?.length ?? 0), 0);
        if (size > (most ?? size)) throw new RefusedError(`${record.topic}: too large`, { tooLarge: true });
        log.push(`publish ${record.topic}`);
        sent.push(record);
      },
      idle: async () => {},
    },
    reading: { next: async (signal) => (signal.aborted ? undefined : rest.shift()), close: () => {} },
    commit: async (offset) => {
      log.push(`commit ${offset}`);
      return true;
    },
    ending: ending.signal,
    lost: lost.signal,
  }).catch((error) => {
    ended = error;
  });
  return { log, sent, errors, ended };
}

const textOf = ({ rawHeaders }: NewRecord): Headers =>
  Object.fromEntries(rawHeaders.map(([name, value]) => [String(name), String(value)]));

const text = (body: string, offset: bigint, headers: Headers = {}) =>
  recordOf({ value: Buffer.from(body), offset, headers, timestamp: Date.now() });
const failing = () => {
  throw new TypeError("no");
};

describe("the work on a partition", () => {
  it("commits each record when it is handled, and before it begins the next", async () => {
    const { log } = await worked({ records: [text("a", 1n), text("b", 2n)], handler: () => {} });
    expect(log).toEqual(["handle a 1", "commit 2", "handle b 1", "commit 3"]);
  });

  it("publishes a failed record to the topic of its delay before it commits, and goes on at once", async () => {
    const before = Date.now();
    const { log, sent } = await worked({
      records: [text("a", 1n), text("b", 2n, { [HEADERS.attempt]: "2" })],
      handler: failing,
    });
    expect(log).toEqual([
      "handle a 1",
      "publish events.mailer.retry.10",
      "commit 2",
      "handle b 2",
      "publish events.mailer.retry.20",
      "commit 3",
    ]);
    expect(sent.map((record) => [record.partition, textOf(record)[HEADERS.attempt]])).toEqual([
      [2, "2"],
      [2, "3"],
    ]);
    const due = Date.parse(textOf(sent[0]!)[HEADERS.notBefore]!);
    expect(due).toBeGreaterThanOrEqual(before + 10);
    expect(due).toBeLessThanOrEqual(Date.now() + 10);
  });

  it("publishes to the dead letters after the last attempt, as it was produced", async () => {
    const { log, sent } = await worked({
      records: [recordOf({ key: Buffer.from([0xff]), value: null, headers: { [HEADERS.attempt]: "3", own: "1" } })],
      handler: failing,
    });
    expect(log.slice(1)).toEqual(["publish events.mailer.dlt", "commit 8"]);
    expect(sent[0]).toMatchObject({
      topic: "events.mailer.dlt",
      key: Buffer.from([0xff]),
      value: null,
    });
    expect(textOf(sent[0]!)).toMatchObject({
      own: "1",
      [HEADERS.attempt]: "3",
      [HEADERS.error]: "no",
      [HEADERS.originPosition]: "partition 2 offset 7",
      [HEADERS.consumer]: "mailer",
    });
    expect(textOf(sent[0]!)[HEADERS.notBefore]).toBeUndefined();
  });

  it("does not commit before what was published is confirmed, however often that fails", async () => {
    const { log, errors } = await worked({ records: [text("a", 1n)], handler: failing, failures: 2 });
    expect(errors).toEqual(["not now", "not now"]);
    expect(log).toEqual(["handle a 1", "publish events.mailer.retry.10", "commit 2"]);
  });

  it("gives up unpublished and uncommitted when it is to end", async () => {
    const ending = new AbortController();
    const handler = () => {
      ending.abort();
      throw new Error("no");
    };
    const { log } = await worked({ records: [text("a", 1n), text("b", 2n)], handler, failures: 1, ending });
    expect(log).toEqual(["handle a 1"]);
  });

  it("finishes the record in hand when it is to end, and begins no other", async () => {
    const ending = new AbortController();
    const { log } = await worked({ records: [text("a", 1n), text("b", 2n)], handler: () => ending.abort(), ending });
    expect(log).toEqual(["handle a 1", "commit 2"]);
  });

  it("neither publishes nor commits for a partition that was lost meanwhile", async () => {
    const lost = new AbortController();
    const handler = () => {
      lost.abort();
      throw new Error("no");
    };
    expect((await worked({ records: [text("a", 1n), text("b", 2n)], handler, lost })).log).toEqual(["handle a 1"]);
  });

  it("waits with a record that is not due", async () => {
    const due = Date.now() + 40;
    const headers = { [HEADERS.notBefore]: new Date(due).toISOString() };
    let handledAt = 0;
    const handler = () => {
      handledAt = Date.now();
    };
    await worked({ records: [text("a", 1n, headers)], handler });
    expect(handledAt).toBeGreaterThanOrEqual(due);
  });

  it("tries again in place where the order is kept, and publishes nothing but the dead letter", async () => {
    const handler: Handler = ({ body }) => {
      if (String(body) === "a") failing();
    };
    const { log, sent } = await worked({ records: [text("a", 1n), text("b", 2n)], handler, ordered: true });
    expect(log).toEqual([
      "handle a 1",
      "handle a 2",
      "handle a 3",
      "publish events.mailer.dlt",
      "commit 2",
      "handle b 1",
      "commit 3",
    ]);
    expect(textOf(sent[0]!)[HEADERS.failures]!.split(",")).toHaveLength(3);
  });

  it("holds no slot while it waits to try again in place, so that the other partitions go on", async () => {
    const one = slots(1);
    const ending = new AbortController();
    const work = workOn({
      subscription: subscriptionOf({ ordered: true, retries: [], delays: [60_000] }),
      handler: failing,
      options: {},
      slots: one,
      refusals: new Map(),
      onError: () => {},
      producer: { send: async () => {}, idle: async () => {} },
      reading: { next: async () => text("a", 1n), close: () => {} },
      commit: async () => true,
      ending: ending.signal,
      lost: new AbortController().signal,
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(await one.take(AbortSignal.timeout(1_000))).toBeTypeOf("function");
    ending.abort();
    await work;
  });

  it("commits nothing behind a record that it gave back", async () => {
    const canary = canaryHeader({ run: "r", kind: "good", flow: "kafka/events/mailer" });
    const records = [text("mine", 1n, canary), text("foreign", 2n), text("mine", 3n, canary)];
    const { log } = await worked({ records, handler: failing, options: { canariesOnly: () => {} } });
    expect(log).toEqual(["commit 2"]);
  });
});

describe("a record that no topic takes, as it is too large", () => {
  const DEAD = "events.mailer.dlt";
  const long = (name: string) => `${name}${"😀".repeat(1_000)}`;
  const headers = {
    [HEADERS.id]: long("id"),
    [HEADERS.publishedAt]: long("at"),
    [HEADERS.redriveId]: long("run"),
    [HEADERS.redriveCount]: "2",
    own: long("own"),
  };
  const records = () => [text("large", 1n, headers), text("small", 2n)];
  const handler: Handler = ({ body }) => {
    if (String(body) === "large") failing();
  };

  it("is set aside with no more than finds it again where a note takes no more, and those behind it go on", async () => {
    const { log, sent, errors, ended } = await worked({ records: records(), handler, most: 500 });
    expect(ended).toBeUndefined();
    expect(log).toEqual(["handle large 1", `publish ${DEAD}`, "commit 2", "handle small 1", "commit 3"]);
    const [note] = sent as [NewRecord];
    expect([note.key, note.value, textOf(note)]).toEqual([
      null,
      null,
      {
        [HEADERS.id]: `id${"😀".repeat(34)}`,
        [HEADERS.publishedAt]: `at${"😀".repeat(34)}`,
        [HEADERS.redriveCount]: "2",
        [HEADERS.origin]: "kafka/events/mailer",
        "x-set-aside": "events/2/1",
      },
    ]);
    expect(errors.at(-1)).toBe(
      `the record is too large for every topic it could go to: it stays in partition 2 of events at offset 1 for as long as that topic keeps it; its dead letter only points there: ${DEAD}: too large`,
    );
  });

  it("ends the consumer where not even that is taken, and nobody is told of a dead letter", async () => {
    const { log, sent, errors, ended } = await worked({ records: records(), handler, most: 50 });
    expect([log, sent]).toEqual([["handle large 1"], []]);
    expect(errors.filter((error) => error.includes("dead letter"))).toEqual([]);
    expect(ended).toBeInstanceOf(OutdatedAccessError);
    expect((ended as Error).message).toBe(
      `kafka/events/mailer: the consumer ended, let ${DEAD} take more (max.message.bytes) and restart it: the record in partition 2 of events at offset 1 is too large for every topic it could go to, and so is a note of where it lies: ${DEAD}: too large`,
    );
  });
});

describe("the wait for a record that is not due", () => {
  const far = { [HEADERS.notBefore]: new Date(Date.now() + 3_600_000).toISOString() };

  it("is cut short when the work is to end, and nothing is done", async () => {
    const ending = new AbortController();
    const working = worked({ records: [text("a", 1n, far)], handler: failing, ending });
    ending.abort();
    expect((await working).log).toEqual([]);
  });

  it("is kept for a canary, and not for what is given back", async () => {
    const due = Date.now() + 40;
    const soon = { [HEADERS.notBefore]: new Date(due).toISOString() };
    const canary = { ...canaryHeader({ run: "r", kind: "good", flow: "kafka/events/mailer" }), ...soon };
    const answered: number[] = [];
    const options = { canariesOnly: () => void answered.push(Date.now()) };
    await worked({ records: [text("foreign", 1n, far), text("mine", 2n, canary)], handler: failing, options });
    expect(answered).toHaveLength(1);
    expect(answered[0]).toBeGreaterThanOrEqual(due);
  });
});

describe("the topics that an outcome needs", () => {
  const record = recordOf({ headers: { [HEADERS.attempt]: "2" } });

  it("are none for what is done or given back", () => {
    expect(nextTargets({ kind: "done" }, record, subscriptionOf())).toEqual([]);
    expect(nextTargets({ kind: "giveBack" }, record, subscriptionOf())).toEqual([]);
  });

  it("are that of its delay, then those of other delays, then the dead letters, where it waits for nothing", () => {
    const outcome = { kind: "retry", delay: 20, headers: { [HEADERS.attempt]: "3" } } as const;
    const targets = nextTargets(outcome, record, subscriptionOf());
    expect(
      targets.map(({ place, headers }) => [place, headers[HEADERS.attempt], HEADERS.notBefore in headers]),
    ).toEqual([
      ["events.mailer.retry.20", "3", true],
      ["events.mailer.retry.10", "3", true],
      ["events.mailer.dlt", "2", false],
    ]);
  });
});

describe("the work on a partition that is slow to commit", () => {
  it("handles as many records as may be uncommitted while their commits are on their way", async () => {
    const log: string[] = [];
    const confirm: ((committed: boolean) => void)[] = [];
    const records = [1n, 2n, 3n].map((offset) => text(`m${offset}`, offset));
    const done = workOn({
      subscription: subscriptionOf({}),
      handler: ({ body }) => void log.push(`handle ${body}`),
      options: { uncommitted: 2 },
      slots: slots(1),
      refusals: new Map(),
      onError: () => {},
      producer: { send: async () => {}, idle: async () => {} },
      reading: { next: async () => records.shift(), close: () => {} },
      commit: (offset) => {
        log.push(`commit ${offset}`);
        return new Promise((resolve) => confirm.push(resolve));
      },
      ending: new AbortController().signal,
      lost: new AbortController().signal,
    });
    await expect.poll(() => log).toEqual(["handle m1", "commit 2", "handle m2", "commit 3"]);
    confirm[0]!(true);
    await expect.poll(() => log.slice(4)).toEqual(["handle m3", "commit 4"]);
    for (const one of confirm) one(true);
    await done;
  });
});
