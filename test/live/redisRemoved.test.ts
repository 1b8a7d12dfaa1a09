import { expect, it } from "vitest";
import type { Reply } from "../../client/redis/server.ts";
import { removedOf } from "../../live/health/redis.ts";

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
