import { afterEach, describe, expect, it, vi } from "vitest";
import { type Cluster, NoLeader } from "../../../client/kafka/cluster.ts";
import { readLog } from "../../../client/kafka/log.ts";
import { wholeLog } from "../../../client/kafka/remaining.ts";
import { ConnectionError } from "../../../client/message.ts";
import { broker } from "./fakeBroker.ts";

const range = (from: number, to: number) => ({ topic: "t", partition: 0, from: BigInt(from), to: BigInt(to) });

async function readFrom(cluster: Cluster, from: number, to: number): Promise<number[]> {
  const offsets: number[] = [];
  for await (const { offset } of readLog(cluster, range(from, to))) offsets.push(Number(offset));
  return offsets;
}

describe("a log", () => {
  afterEach(() => void vi.useRealTimers());

  it("is read to its end, and what was deleted meanwhile is passed over", async () => {
    expect(await readFrom(broker([{ sizes: [1, 1, 1] }]).cluster, 0, 3)).toEqual([0, 1, 2]);
    expect(await readFrom(broker([{ sizes: [1, 1, 1], first: 2 }]).cluster, 0, 3)).toEqual([2]);
  });

  it.each([
    [
      "whose leader gives nothing of what it says it holds",
      { sizes: [1, 1], end: 4 },
      4,
      "its leader gives nothing from offset 2 on",
    ],
    ["that was cut short by a leader that did not have all", { sizes: [1, 1] }, 9, "the log ends before it"],
  ])("%s is not taken for one that holds nothing", async (_, log, to, why) => {
    vi.useFakeTimers({ toFake: ["setTimeout", "Date"] });
    const read = readFrom(broker([log]).cluster, to === 9 ? 5 : 0, to).catch((error: Error) => error);
    const ended = Promise.race([read, new Promise((resolve) => setImmediate(resolve))]);
    for (let told = await ended; told === undefined; ) {
      vi.advanceTimersByTime(1_000);
      told = await Promise.race([read, new Promise((resolve) => setImmediate(resolve))]);
    }
    expect(await read).toBeInstanceOf(ConnectionError);
    expect(String(await read)).toContain(`cannot be read to offset ${to}: ${why}`);
  });

  it("of a partition without a leader is not empty, and others are told all the same", async () => {
    const { cluster } = broker([{ sizes: [1, 1] }, { sizes: [1] }]);
    cluster.leader = async (topic, partition) => {
      if (partition === 1) throw new NoLeader(topic, partition, [2, 3]);
      return 1;
    };
    await expect(wholeLog(cluster, "t")).rejects.toThrow(
      "partition 1 of t has no leader; start one of brokers 2, 3, which have it",
    );
    expect((await wholeLog(cluster, "t", [0])).map(({ partition, to }) => [partition, to])).toContainEqual([0, 2n]);
  });

  it("of a partition whose leader does not tell its offsets is not empty", async () => {
    const { cluster } = broker([{ sizes: [] }]);
    await expect(wholeLog(cluster, "t", [0, 7])).rejects.toThrow(
      "the leader of partition 7 of t does not tell its offsets",
    );
  });
});
