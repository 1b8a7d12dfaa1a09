import { NetworkError, ResponseError } from "@platformatic/kafka";
import { describe, expect, it } from "vitest";
import type { Cluster } from "../../../client/kafka/cluster.ts";
import { lane } from "../../../client/kafka/lane.ts";
import type { NewRecord } from "../../../client/kafka/records.ts";

interface Batch {
  values: string[];
  producerId: bigint;
  sequence: number;
  compression: string;
}

const answered = (code: number) => new ResponseError(0, 9, { "/": [code, null] }, {});
const silent = new NetworkError("closed");

/** A partition whose broker answers so, one answer a batch; when there is none left it confirms. */
function partition(...answers: (Error | undefined)[]) {
  const batches: Batch[] = [];
  const forgotten: number[] = [];
  let ids = 0n;
  const cluster = {
    ask: async () => ({ producerId: ++ids, producerEpoch: 0 }),
    leader: async () => 1,
    forget: () => void forgotten.push(batches.length),
    async call(
      _node: number,
      _purpose: string,
      _api: unknown,
      acks: number,
      _timeout: number,
      messages: never[],
      options: never,
    ) {
      expect(acks).toBe(-1);
      const { producerId, sequences, compression } = options as Batch & { sequences: Map<string, number> };
      const values = messages.map(({ value }) => String(value));
      batches.push({ values, producerId, sequence: sequences.get("t:0")!, compression });
      // Others come while it is under way.
      await new Promise((resolve) => setImmediate(resolve));
      const answer = answers.shift();
      if (answer) throw answer;
    },
  };
  const { send } = lane(cluster as unknown as Cluster, "t", 0);
  return {
    batches,
    forgotten,
    send: (value: string, patience = 60_000, given: Partial<NewRecord> = {}) => {
      const end = Date.now() + patience;
      return send({ topic: "t", key: null, value: Buffer.from(value), rawHeaders: [], ...given }, () => end);
    },
  };
}

const shown = (batches: Batch[]) =>
  batches.map(({ values, producerId, sequence }) => `${values.join("+")} as ${producerId}/${sequence}`);

describe("the way into a partition", () => {
  it("has one batch under way, and counts records", async () => {
    const { send, batches } = partition();
    await Promise.all(["a", "b", "c"].map((value) => send(value)));
    await send("d");
    expect(shown(batches)).toEqual(["a as 1/0", "b+c as 1/1", "d as 1/3"]);
  });

  it("sends a batch again under its own number until the broker answers, so that it is written once", async () => {
    const { send, batches } = partition(silent, answered(6));
    await send("a");
    await send("b");
    expect(shown(batches)).toEqual(["a as 1/0", "a as 1/0", "a as 1/0", "b as 1/1"]);
  });

  it("forgets who leads when it gives a batch up: the leader may be cut off from the others", async () => {
    const { send, forgotten } = partition(answered(7), answered(7));
    await expect(send("a", 0)).rejects.toThrow();
    expect(forgotten).toEqual([1]);
  });

  it("takes a repetition that the broker knows for confirmed", async () => {
    const { send, batches } = partition(silent, answered(46));
    await send("a");
    expect(shown(batches)).toEqual(["a as 1/0", "a as 1/0"]);
  });

  it("starts counting again under another id when the broker lost count", async () => {
    const { send, batches } = partition(undefined, answered(59));
    await send("a");
    await send("b");
    expect(shown(batches)).toEqual(["a as 1/0", "b as 1/1", "b as 2/0"]);
  });

  it("gives up when the time is over, and takes nothing that follows for a repetition", async () => {
    const { send, batches } = partition(silent);
    await expect(send("a", 0)).rejects.toBe(silent);
    await send("b");
    expect(shown(batches)).toEqual(["a as 1/0", "b as 2/0"]);
  });

  it("says at once what the broker refuses", async () => {
    const refusal = answered(29);
    const { send, batches } = partition(refusal);
    await expect(send("a")).rejects.toBe(refusal);
    expect(batches).toHaveLength(1);
  });

  it("sends what is too large together one by one, then compressed, and refuses only what is too large by itself", async () => {
    const tooLarge = answered(10);
    const { send, batches } = partition(undefined, tooLarge, undefined, tooLarge, tooLarge, tooLarge);
    const outcomes = await Promise.allSettled(["first", "a", "b"].map((value) => send(value)));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(batches.map(({ values, compression }) => `${values.join("+")} ${compression}`)).toEqual([
      "first none",
      "a+b none",
      "a none",
      "b none",
      "b zstd",
      "b gzip",
    ]);
  });

  it("sends what came compressed and is large by itself, at once as it came", async () => {
    const { send, batches } = partition(answered(10));
    await send("large", 60_000, { key: Buffer.alloc(500_000), codec: "lz4" });
    expect(batches.map(({ compression }) => compression)).toEqual(["lz4", "zstd"]);
  });

  it("sends nothing once more exactly as it was too large", async () => {
    const { send, batches } = partition(answered(10));
    await send("a");
    expect(batches.map(({ compression }) => compression)).toEqual(["none", "zstd"]);
  });

  it("sends one that was refused together with others compressed too, where it is too large by itself", async () => {
    const { send, batches } = partition(undefined, answered(87), undefined, answered(10));
    await Promise.all(["first", "a", "b"].map((value) => send(value)));
    expect(batches.map(({ values, compression }) => `${values.join("+")} ${compression}`)).toEqual([
      "first none",
      "a+b none",
      "a none",
      "b none",
      "b zstd",
    ]);
  });

  it("sends one by one what the broker refuses for one of them, and refuses that one alone", async () => {
    const invalid = answered(87);
    const { send, batches } = partition(undefined, invalid, undefined, invalid);
    const outcomes = await Promise.allSettled(["first", "a", "b"].map((value) => send(value)));
    expect(outcomes.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected"]);
    expect(batches.map(({ values }) => values.join("+"))).toEqual(["first", "a+b", "a", "b"]);
  });
});
