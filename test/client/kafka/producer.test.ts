import { describe, expect, it } from "vitest";
import { partitionOf } from "../../../client/kafka/producer.ts";

const keyed = (key: string, count: number) => partitionOf({ key: Buffer.from(key) }, count, 0);

describe("a record's partition", () => {
  // Kafka: UtilsTest.testMurmur2 has these hashes; Java takes them without their sign.
  it.each([
    ["21", -973932308],
    ["foobar", -790332482],
    ["a-little-bit-long-string", -985981536],
    ["a-little-bit-longer-string", -1486304829],
    ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
    ["abc", 479470107],
  ])("is that of Java's producer for the key %s", (key, hash) => {
    for (const count of [1, 3, 7, 1000]) expect(keyed(key, count)).toBe((hash & 0x7fffffff) % count);
  });

  it("is the same for the same key, whosever turn it is", () => {
    const key = Buffer.from("k");
    expect(partitionOf({ key }, 12, 5)).toBe(partitionOf({ key }, 12, 6));
  });

  it("is each in turn without a key", () => {
    expect([0, 1, 2, 3].map((turn) => partitionOf({ key: null }, 3, turn))).toEqual([0, 1, 2, 0]);
  });

  it("is the one that is asked for, if the topic has it", () => {
    expect(partitionOf({ key: Buffer.from("k"), partition: 2 }, 3, 0)).toBe(2);
    expect(partitionOf({ key: null, partition: 3 }, 3, 1)).toBe(1);
  });
});
