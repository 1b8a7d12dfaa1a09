import { describe, expect, it } from "vitest";
import { copyOf } from "../../../client/kafka/mirror.ts";

const record = {
  topic: "events",
  partition: 5,
  offset: 9n,
  timestamp: 1_700_000_000_000,
  key: Buffer.from("k"),
  value: Buffer.from([255, 0]),
  headers: { a: "2" },
  rawHeaders: [
    [Buffer.from("a"), Buffer.from([254])],
    [Buffer.from("a"), Buffer.from("2")],
  ] as [Buffer, Buffer][],
  codec: "zstd" as const,
};
const log = { from: "events", to: "events-v2", kind: "work" as const };

describe("a record that is copied", () => {
  it("keeps key, value, headers and timestamp, says where it lay, and goes where its key leads", () => {
    const { topic: _, partition: __, offset: ___, headers: ____, ...kept } = record;
    const origin = [Buffer.from("x-copied-from"), Buffer.from("events/5/9")];
    expect(copyOf(record, log, 3)).toEqual({
      ...kept,
      topic: "events-v2",
      rawHeaders: [...record.rawHeaders, origin],
    });
  });

  it("stays exactly as it is as a dead letter", () => {
    expect(copyOf(record, { ...log, kind: "deadLetters" }, 3).rawHeaders).toEqual(record.rawHeaders);
  });

  it("goes by its old partition where it has no key", () => {
    expect(copyOf({ ...record, key: null }, log, 3)).toMatchObject({ key: null, partition: 2 });
  });

  it("stays a tombstone", () => {
    expect(copyOf({ ...record, value: null }, log, 3).value).toBeNull();
  });

  it("is marked with its group where other groups read what it is copied into", () => {
    const retry = { ...log, kind: "retry" as const, groupId: "billing", shared: true };
    expect(copyOf(record, retry, 3).rawHeaders.at(-1)?.map(String)).toEqual(["x-redrive-group", "billing"]);
  });
});
