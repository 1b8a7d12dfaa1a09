import { describe, expect, it } from "vitest";
import type { Verdict } from "../../../client/deadLetters.ts";
import { redrivenHeaders } from "../../../client/headers.ts";
import { deadLetterOf, sqsDeadLetters } from "../../../client/sqs/deadLetters.ts";
import { toEntry } from "../../../client/sqs/envelope.ts";
import { fakeFifo } from "./fakeFifo.ts";
import { envelope } from "./fakeSqs.ts";

const access = { flow: "sqs/work", queueUrl: "https://sqs/work.fifo", deadLetterQueueUrl: "https://sqs/work-dlq.fifo" };
const other = "https://sqs/other.fifo";

/** A dead-letter queue with these messages, `group:body` each, an hour old. */
const made = (...messages: string[]) => madeFor(Number.POSITIVE_INFINITY, ...messages);

/** The same, where messages of so many characters are the longest. */
function madeFor(longest: number, ...messages: string[]) {
  let now = Date.now() - 3_600_000;
  const fifo = fakeFifo(() => now, longest);
  const put = (message: string, headers = {}) => {
    const [key, body] = message.split(":") as [string, string];
    fifo.send(access.deadLetterQueueUrl, {
      Id: "0",
      ...toEntry({ body, key, headers }, `${message} ${now}`, new Date(now)),
    });
  };
  for (const message of messages) put(message);
  const targets = new Map([
    [access.flow, access.queueUrl],
    ["sqs/other", other],
  ]);
  const letters = sqsDeadLetters({ sqs: fifo.sqs, access, targets, emulated: true });
  return {
    letters,
    put,
    later: () => {
      now = Date.now() + 60_000;
    },
    dead: () => fifo.seen(access.deadLetterQueueUrl),
    work: (url = access.queueUrl) => fifo.seen(url),
    calls: fifo.calls,
    send: (entry: Parameters<typeof fifo.send>[1]) => fifo.send(access.deadLetterQueueUrl, entry),
    failNext: fifo.failNext,
  };
}

type Judge = (body: string) => Verdict["kind"];

/** Takes all, and does with each as its body says; gives what was seen. */
async function treated({ letters }: ReturnType<typeof made>, judge: Judge, to?: string): Promise<string[]> {
  const seen: string[] = [];
  const refused: unknown[] = [];
  for await (const batch of letters.take(3)) {
    const verdicts = batch.map(({ body, headers }): Verdict => {
      seen.push(body.toString());
      const kind = judge(body.toString());
      if (kind !== "redrive") return { kind };
      return { kind, headers: redrivenHeaders(headers, "run"), ...(to && { to }) };
    });
    refused.push(...((await letters.settle(verdicts)) ?? []));
  }
  expect(refused).toEqual([]);
  return seen;
}

describe("dead letters on SQS", () => {
  it("go back where they failed, in order, and are gone when they are there", async () => {
    const all = made("a:1", "a:2", "b:3", "a:4", "a:5");
    expect(await treated(all, () => "redrive")).toEqual(["1", "2", "3", "4", "5"]);
    expect([all.dead(), all.work()]).toEqual([[], ["a:1", "a:2", "b:3", "a:4", "a:5"]]);
  });

  it("go to another queue, or nowhere that is not one", async () => {
    const all = made("a:1");
    await treated(all, () => "redrive", "sqs/other");
    expect([all.work(), all.work(other)]).toEqual([[], ["a:1"]]);
    const stay = made("a:1");
    await expect(treated(stay, () => "redrive", "sqs/nowhere")).rejects.toThrow("sqs/nowhere: must be an SQS queue");
    expect(stay.dead()).toEqual(["a:1"]);
  });

  it("stay in their places where they are kept and hide nothing", async () => {
    const all = made("a:1", "b:2", "c:3");
    expect(await treated(all, (body) => (body === "2" ? "drop" : "keep"))).toEqual(["1", "2", "3"]);
    expect(all.dead()).toEqual(["a:1", "c:3"]);
    expect(all.calls.map(([name]) => name)).not.toContain("SendMessageBatch");
  });

  it("are all seen, and once, though a kept one hides its group", async () => {
    const all = made("a:1", "a:2", "a:3", "a:4", "a:5", "a:6", "a:7");
    expect(await treated(all, (body) => (body === "6" ? "redrive" : "keep"))).toEqual([
      "1",
      "2",
      "3",
      "4",
      "5",
      "6",
      "7",
    ]);
    expect(all.work()).toEqual(["a:6"]);
    expect(all.dead()).toEqual(["a:1", "a:2", "a:3", "a:4", "a:5", "a:7"]);
  });

  it("that are too large with what is ours stay and are named, and the others go, those behind it too", async () => {
    const full = "x".repeat(500);
    const all = madeFor(500, "b:1");
    for (const body of [full, "2"])
      all.send({ Id: body, MessageBody: body, MessageGroupId: "a", MessageDeduplicationId: body });
    const reason = "SQS: Message must be shorter than 500 bytes.";
    for (const group of ["a", "c"]) {
      const refused = [];
      const seen: string[] = [];
      for await (const batch of all.letters.take(1)) {
        seen.push(...batch.map(({ body }) => body.toString()));
        const redrive = batch.map(({ headers }) => ({
          kind: "redrive" as const,
          headers: redrivenHeaders(headers, "run"),
        }));
        refused.push(...((await all.letters.settle(redrive)) ?? []));
      }
      expect(refused).toEqual([{ id: expect.any(String), reason, tooLarge: true }]);
      expect(seen).toEqual(group === "a" ? ["1", full, "2"] : [full]);
      expect([all.dead(), all.work()]).toEqual([[`a:${full}`], ["b:1", "a:2"]]);
    }
  });

  it("that come while they are taken are of the next take", async () => {
    const all = made("a:1", "b:2");
    const seen: string[] = [];
    for await (const batch of all.letters.take(1)) {
      seen.push(...batch.map(({ body }) => body.toString()));
      await all.letters.settle(batch.map(({ headers }) => ({ kind: "redrive", headers })));
      all.later();
      all.put(`c:new ${seen.length}`);
    }
    expect([seen, all.dead()]).toEqual([
      ["1", "2"],
      ["c:new 1", "c:new 2"],
    ]);
  });

  it("are given back where the take ends early", async () => {
    const all = made("a:1", "a:2", "b:3");
    for await (const batch of all.letters.take(2)) {
      expect([batch.length, all.dead()]).toEqual([2, ["a:1*", "a:2*", "b:3"]]);
      break;
    }
    expect(all.dead()).toEqual(["a:1", "a:2", "b:3"]);
  });

  it("that were sent and not deleted are sent again, and are there once", async () => {
    const all = made("a:1");
    all.failNext("DeleteMessageBatch");
    await expect(treated(all, () => "redrive")).rejects.toThrow("killed");
    expect([all.dead(), all.work()]).toEqual([["a:1"], ["a:1"]]);
    expect(await treated(all, () => "redrive")).toEqual(["1"]);
    expect([all.dead(), all.work()]).toEqual([[], ["a:1"]]);
  });

  it("are told apart where the broker fails on the way: those that went, those underway, and those that were not begun", async () => {
    const all = made(...Array.from({ length: 12 }, (_, at) => `g${at}:${at}`));
    const failed = all.letters.take(12);
    const { value: batch } = await failed.next();
    const verdicts = batch!.map(
      ({ headers }, at): Verdict => (at === 0 ? { kind: "drop" } : { kind: "redrive", headers }),
    );
    all.failNext("SendMessageBatch");
    await expect(all.letters.settle(verdicts)).rejects.toMatchObject({
      fates: ["done", ...Array(10).fill("unsure"), "open"],
      message: expect.stringContaining("killed"),
    });
    await failed.return();
    expect(all.dead()).toHaveLength(11);
  });

  it("are looked at and left", async () => {
    const all = made("a:1", "a:2", "b:3");
    expect((await all.letters.peek(2)).map(({ body }) => body.toString())).toEqual(["1", "2"]);
    expect(all.dead()).toEqual(["a:1", "a:2", "b:3"]);
  });

  it("are counted with the oldest of those that are seen first", async () => {
    const all = made("a:1", "b:2");
    const { messages, oldest } = await all.letters.count();
    expect([messages, oldest!.getTime() < Date.now() - 3_500_000]).toEqual([2, true]);
    expect(await made().letters.count()).toEqual({ messages: 0 });
  });

  it("of a run's canaries are collected, and nothing else", async () => {
    const all = made("a:1");
    all.put("v:2", { "x-verify": "r1 good sqs/work" });
    all.put("v:3", { "x-verify": "r2 good sqs/work" });
    const found = await all.letters.collect("r1", await all.letters.mark());
    expect([found.map(({ body }) => body.toString()), all.dead()]).toEqual([["2"], ["a:1", "v:3"]]);
  });
});

describe("a dead letter", () => {
  const headers = { "x-failures": "2026-01-01T00:00:00.000Z,2026-01-01T00:00:01.000Z" };
  const at = (more: Parameters<typeof envelope>[1], emulated = false) => deadLetterOf(envelope("a", more), emulated).at;

  it("ended when it failed last", () => {
    expect(deadLetterOf(envelope("a", { headers, kept: "2026-01-02T00:00:00.000Z" }), true)).toMatchObject({
      headers,
      at: new Date("2026-01-01T00:00:01.000Z"),
      position: "a of group group",
    });
  });

  it("ended when another framework says that it failed", () => {
    const fault = { "MT-Fault-Message": "no", "MT-Fault-Timestamp": "2026-01-01T00:00:02.000Z" };
    expect(at({ headers: fault })).toEqual(new Date("2026-01-01T00:00:02.000Z"));
  });

  it("ended when it was put there, and on AWS when SQS itself did so", () => {
    expect([at({}), at({}, true), at({ wasMoved: true })]).toEqual(Array(3).fill(new Date(1000)));
  });

  it("ended nobody knows when where an emulator moved it, which leaves the time of its sending", () => {
    expect([at({ wasMoved: true }, true), at({ kept: "unknown" }, true)]).toEqual([undefined, undefined]);
  });

  it("ended when it did before it was put to the end", () => {
    expect(at({ kept: "2026-01-02T00:00:00.000Z" })).toEqual(new Date("2026-01-02T00:00:00.000Z"));
  });
});
