import { expect, it } from "vitest";
import type { Reply, Server, Words } from "../../client/redis/server.ts";
import { removedOf, removedPending } from "../../live/health/redisRemoved.ts";

/** What XINFO STREAM FULL says of a stream with one group or two. `first`: the id of its first entry. */
const stream = (
  length: number,
  added: number | undefined,
  first: string | undefined,
  ...groups: [position: string, read: number | null][]
): Reply => [
  "length",
  length,
  ...(added === undefined ? [] : ["entries-added", added]),
  "entries",
  first === undefined ? [] : [[first, ["body", "m"]]],
  "groups",
  groups.map(([position, read], at) => ["name", `g${at}`, "last-delivered-id", position, "entries-read", read]),
];

it.each<[string, Reply, number]>([
  ["nothing was removed", stream(3, 3, "1-1", ["0-0", 0]), 0],
  ["all was removed unread", stream(0, 3, undefined, ["0-0", 0]), 3],
  ["the oldest were removed unread", stream(1, 3, "1-3", ["0-0", 0]), 2],
  ["what it had not read was removed", stream(0, 3, undefined, ["1-1", 1]), 2],
  ["only what it had read was removed", stream(1, 3, "1-3", ["1-2", 2]), 0],
  ["what it has read is still there", stream(2, 3, "1-2", ["1-2", 2]), 0],
  ["all of it was read and removed", stream(0, 3, undefined, ["1-3", 3]), 0],
  ["nobody knows how much it has read", stream(0, 3, undefined, ["1-1", null]), 0],
  ["it was made when they were gone already", stream(0, 3, undefined, ["0-0", 3], ["1-3", 3]), 0],
  ["the server does not count what is added", stream(0, undefined, undefined, ["0-0", 0]), 0],
  ["ids have as many digits as they like", stream(1, 3, "10-1", ["9-1", 1]), 1],
])("Where %s, so many entries were removed before the group read them", (_, reply, removed) => {
  expect(removedOf(reply, "g0")).toBe(removed);
});

/** A stream of which these ids are left, a group with these pending, and those that are acknowledged while one looks. */
async function lookAt(left: string[], deleted: string, pending: Record<string, string>, acknowledged: string[] = []) {
  const entries = (ids: string[]): Reply => ids.map((id) => [id, ["body", "m"]]);
  const told = (ids: string[]): Reply => ids.map((id) => [id, pending[id]!, 1, 1]);
  const server = {
    async ask([command, , ...[from, to]]: string[]) {
      if (command === "XRANGE") return entries(left.filter((id) => id === from));
      return told(Object.keys(pending).filter((id) => to === "-" || (id === to && !acknowledged.includes(id))));
    },
  } as unknown as Server & { ask(words: Words): Promise<Reply> };
  const full: Reply = ["length", left.length, "max-deleted-entry-id", deleted, "entries", entries(left.slice(0, 1))];
  return removedPending({ server, stream: "s", group: "g" }, full);
}

it("Entries that were removed while they were pending are told by who had them", async () => {
  const pending = { "1-1": "a", "1-2": "messaging.retry.1000", "1-3": "a", "2-1": "b" };
  const nothing = { inHand: 0, waiting: 0 };
  expect(await lookAt([], "0-0", pending)).toEqual({ inHand: 3, waiting: 1 });
  expect(await lookAt(["1-2", "1-3", "2-1"], "0-0", pending)).toEqual({ inHand: 1, waiting: 0 });
  expect(await lookAt(["1-1", "1-3", "2-1"], "1-2", pending)).toEqual({ inHand: 0, waiting: 1 });
  expect(await lookAt(Object.keys(pending), "1-2", pending)).toEqual(nothing);
  expect(await lookAt(["2-1"], "0-0", pending, ["1-1", "1-2", "1-3"])).toEqual(nothing);
});
