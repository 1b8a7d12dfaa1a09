import { describe, expect, it } from "vitest";
import type { Reply, Server, Words } from "../../client/redis/server.ts";
import { type Contents, contentsOf, toHolding } from "../../live/redisContents.ts";

/** A database with these streams and other keys, which gives two keys at a time; it forgets its database after so many commands. */
function fakeServer(streams: Record<string, number>, keys: string[], lostAfter = Number.POSITIVE_INFINITY) {
  const sent: string[] = [];
  let asked = 0;
  const answer = async (words: Words): Promise<Reply> => {
    const [command, key, filter, pattern] = words.map(String);
    sent.push(words.map(String).join(" "));
    asked++;
    if (command === "SELECT") return "OK";
    if (command === "XLEN") return streams[key!]!;
    if (command === "XINFO") return [[Buffer.from("name"), Buffer.from("mailer")]];
    const all = filter === "TYPE" ? Object.keys(streams) : keys.filter((one) => one.startsWith(pattern!.slice(0, -1)));
    const from = Number(key);
    const next = from + 2 < all.length ? from + 2 : 0;
    return [Buffer.from(String(next)), all.slice(from, from + 2).map((one) => Buffer.from(one))];
  };
  const losses = () => (asked > lostAfter ? 1 : 0);
  return { server: { name: "redis a:1 as b", losses, send: answer, ask: answer, close() {} } as Server, sent };
}

const database = (given: Partial<Contents> = {}): Contents => ({
  keys: 0,
  streams: new Map(),
  groups: [],
  whole: true,
  ...given,
});

describe("the contents of a database", () => {
  it("are its keys, its streams' entries, and nothing of our own", async () => {
    const own = ["messaging:cluster-id", "messaging:redrive:emails.mailer.dlq", "messaging:theirs"];
    const { server } = fakeServer({ a: 3, b: 0, c: 1 }, ["x", ...own]);
    expect(await contentsOf(server, "0", 7)).toEqual({
      keys: 2,
      streams: new Map([
        ["a", 3],
        ["b", 0],
        ["c", 1],
      ]),
      groups: ["b/mailer"],
      whole: true,
    });
  });

  it("have nothing of our own but in the first database", async () => {
    const { server, sent } = fakeServer({}, ["messaging:cluster-id"]);
    expect(await contentsOf(server, "3", 1)).toEqual({ keys: 1, streams: new Map(), groups: [], whole: true });
    expect(sent[0]).toBe("SELECT 3");
  });

  it("are not those of another database after the connection was lost", async () => {
    const { server } = fakeServer({ a: 1 }, [], 1);
    await expect(contentsOf(server, "3", 1)).rejects.toThrow("redis a:1 as b: the connection was lost");
  });

  it("are not gone through for ever", async () => {
    const { server, sent } = fakeServer({ a: 1, b: 1, c: 1 }, ["x", "y"]);
    expect(await contentsOf(server, "0", 5, -1)).toMatchObject({ keys: 3, whole: false });
    expect(sent.filter((words) => words.startsWith("SCAN"))).toHaveLength(2);
  });
});

describe("what a server holds", () => {
  it.each([
    [[], "nothing", { messages: 0, waiting: 0, detail: "no streams" }],
    [
      [database({ streams: new Map([["a", 0]]), groups: ["a/mailer"] })],
      "empty, with a group that waits",
      { messages: 0, waiting: 0, detail: "no streams", empty: ["a/mailer"] },
    ],
    [[database({ streams: new Map([["a", 0]]) })], "empty", { messages: 0, waiting: 0, detail: "no streams" }],
    [[database({ keys: 2 })], "keys", { messages: 2, waiting: 2, unit: "key", detail: "no streams" }],
    [
      [database({ streams: new Map([["a", 3]]) }), database({ streams: new Map([["b", 9]]) })],
      "entries of two databases",
      { messages: 12, waiting: 12, detail: "9 in b, 3 in a" },
    ],
    [
      [database({ keys: 4, streams: new Map([["a", 3]]), whole: false })],
      "both, and more",
      {
        messages: 7,
        waiting: 7,
        unit: "item",
        detail: "3 in a, 4 keys, at least, as there are too many keys to look at each",
      },
    ],
  ])("of %j is %s", (all, _what, holding) => {
    expect(toHolding(all)).toEqual(holding);
  });

  it("names the largest streams", () => {
    const streams = new Map(["a", "b", "c", "d", "e", "f", "g"].map((name, at) => [name, at + 1]));
    expect(toHolding([database({ streams })]).detail).toBe(
      "7 in g, 6 in f, 5 in e, 4 in d, 3 in c, the rest in 2 other streams",
    );
  });
});
