import { describe, expect, it } from "vitest";
import { claim, takeAgain } from "../../../client/redis/group.ts";
import type { Reply, Server } from "../../../client/redis/server.ts";

/** A server with a group's entries: null is one that is pending and not in the stream any more. */
function fixture(pending: Record<string, string | null>) {
  const told: string[] = [];
  const server = {
    name: "redis h:1 as u",
    async ask([command, , , ...rest]: string[]): Promise<Reply> {
      if (command === "XPENDING") return [[rest[0]!, "c", 0, 2]];
      const ids = rest.filter((word) => word in pending);
      const [gone, left] = [ids.filter((id) => pending[id] === null), ids.filter((id) => pending[id] !== null)];
      for (const id of gone) delete pending[id];
      if (command === "XAUTOCLAIM") return ["0-0", [], gone];
      return left.map((id) => [id, ["body", pending[id]!]]);
    },
  } as unknown as Server;
  const tell = ({ message }: Error) => void told.push(message);
  return { told, of: { server, stream: "s", group: "g" }, tell };
}

describe("an entry that was removed while it was pending", () => {
  it("is told by its id as it would be claimed, and the others are claimed", async () => {
    const { of, told, tell } = fixture({ "1-1": null, "1-2": "m", "1-3": null });
    const claimed = await claim(of, "me", ["1-1", "1-2", "1-3"], 100, tell);
    expect(claimed.map(({ entry, attempt }) => [entry.id, attempt])).toEqual([["1-2", 2]]);
    expect(told).toEqual([
      "redis h:1 as u: entries of stream s were removed before group g acknowledged them, and cannot be delivered again: 1-1, 1-3",
    ]);
  });

  it("is told after a lost connection, too", async () => {
    const { of, told, tell } = fixture({ "1-1": null });
    expect(await takeAgain(of, "me", { id: "1-1", consumer: "me", idle: 0, deliveries: 1 }, tell)).toEqual([]);
    expect(told).toHaveLength(1);
  });

  it("is not told where another instance has it", async () => {
    const { of, told, tell } = fixture({});
    expect(await claim(of, "me", ["1-1"], 100, tell)).toEqual([]);
    expect(told).toEqual([]);
  });

  it("is named as one of the first ten of many", async () => {
    const ids = Array.from({ length: 12 }, (_, at) => `1-${at}`);
    const { of, told, tell } = fixture(Object.fromEntries(ids.map((id) => [id, null])));
    await claim(of, "me", ids, 100, tell);
    expect(told[0]!.split("again: ")[1]).toBe("1-0, 1-1, 1-2, 1-3, 1-4, 1-5, 1-6, 1-7, 1-8, 1-9 and 2 more");
  });
});
