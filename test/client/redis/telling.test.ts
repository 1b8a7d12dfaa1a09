import { describe, expect, it } from "vitest";
import { unreadOf } from "../../../client/redis/operator.ts";
import type { Server, Words } from "../../../client/redis/server.ts";
import { untold } from "../../../client/redis/telling.ts";

const info = (lines: Record<string, string>): string =>
  Object.entries(lines)
    .map(([key, value]) => `${key}:${value}\r\n`)
    .join("");
const primary = { redis_mode: "standalone", loading: "0", async_loading: "0", role: "master", cluster_enabled: "0" };
const replica = { ...primary, role: "slave", master_host: "10.0.0.1", master_port: "6379" };

describe("whether a Redis server can tell what its keys hold", () => {
  it.each([
    [primary, undefined],
    [{ role: "master", loading: "0" }, undefined],
    [{ ...primary, loading: "1" }, "it is loading its data; try again when it has"],
    [{ ...primary, async_loading: "1" }, "it is loading its data; try again when it has"],
    [{ ...replica, master_link_status: "up" }, "it is a replica of 10.0.0.1:6379; give the address of the primary"],
    [
      { ...replica, master_link_status: "down" },
      "it is a replica of 10.0.0.1:6379, which it has lost; give the address of the primary",
    ],
    [{ ...primary, cluster_enabled: "1" }, "it is a node of a Redis Cluster, which has a part of the keys alone"],
    [{ redis_mode: "sentinel" }, "it is a Sentinel, which has no data; give the address of the primary"],
    [{}, "it does not tell whether it is a primary that has loaded its data; let its administrator use INFO"],
    [
      { role: "master" },
      "it does not tell whether it is a primary that has loaded its data; let its administrator use INFO",
    ],
  ])("that says %j: %s", (said, why) => {
    expect(untold(info(said))).toBe(why);
  });
});

/** A stream with entries 1-0, 2-0, and so on. */
function serverWith(entries: number): { server: Server; asked: string[] } {
  const asked: string[] = [];
  const ask = async (words: Words) => {
    const [command, , from, , , count] = words.map(String);
    asked.push(words.join(" "));
    if (command === "XLEN") return entries;
    const after = Number(from!.slice(1).split("-")[0]);
    const length = Math.max(0, Math.min(Number(count), entries - after));
    return Array.from({ length }, (_, at) => [
      Buffer.from(`${after + at + 1}-0`),
      [Buffer.from("k"), Buffer.from("v")],
    ]);
  };
  return { server: { name: "redis a:1 as b", losses: () => 0, send: ask, ask, close() {} }, asked };
}

describe("the entries that a group has not read", () => {
  it.each([
    ["the server knows", { lag: 2, "last-delivered-id": "3-0" }, 5, 2],
    ["the server does not know, as entries were deleted", { "last-delivered-id": "4-0" }, 5, 1],
    ["the server takes for none, as somebody set the position", { lag: 0, "last-delivered-id": "2-0" }, 5, 3],
    ["the server still counts, and were trimmed", { lag: 5_000, "last-delivered-id": "9-0" }, 5, 0],
    ["are many", { lag: 5_000, "last-delivered-id": "10-0" }, 5_010, 5_000],
    ["are many and the server does not know", { "last-delivered-id": "10-0" }, 5_010, 5_010],
    ["are none", { lag: 0, "last-delivered-id": "5-0" }, 5, 0],
  ])("and that %s", async (_, group, entries, unread) => {
    expect(await unreadOf(serverWith(entries).server, "emails", group)).toBe(unread);
  });
});
