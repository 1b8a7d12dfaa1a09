import { describe, expect, it } from "vitest";
import { toContent, toFields, withHeaders } from "../../../client/redis/entry.ts";
import type { Entry } from "../../../client/redis/replies.ts";

const entry = (...fields: [string, string | Buffer][]): Entry => ({
  id: "5-1",
  fields: fields.map(([name, value]) => [Buffer.from(name), Buffer.from(value as string)]),
});

describe("an entry of a stream", () => {
  it("is a body and a field for each header", () => {
    expect(toFields({ "x-message-id": "i", tenant: "t" }, "text")).toEqual([
      "body",
      "text",
      "x-message-id",
      "i",
      "tenant",
      "t",
    ]);
    expect(toFields({}, new Uint8Array([1, 2]).subarray(1))).toEqual(["body", Buffer.from([2])]);
  });

  it("is read with its id, its key and its headers", () => {
    expect(toContent(entry(["body", "text"], ["x-message-id", "i"], ["x-key", "k"], ["tenant", "ü"]))).toEqual({
      id: "i",
      key: "k",
      headers: { "x-message-id": "i", "x-key": "k", tenant: "ü" },
      body: Buffer.from("text"),
    });
  });

  it("of a foreign producer is its fields as JSON, by the entry's id, and stays that after a redrive", () => {
    const json = Buffer.from('{"to":"a@example.org"}');
    expect(toContent(entry(["to", "a@example.org"]))).toEqual({
      id: "5-1",
      headers: { to: "a@example.org" },
      body: json,
    });
    const back = entry(["to", "a@example.org"], ["x-redrive-count", "1"]);
    expect(toContent(back)).toMatchObject({ headers: { "x-redrive-count": "1" }, body: json });
  });

  it("gets new headers beside what it has, byte for byte", () => {
    const raw = Buffer.from([0xff, 0x00]);
    const before = entry(
      ["raw", raw],
      ["body", raw],
      ["x-error", "old"],
      ["gone", "g"],
      ["twice", "1"],
      ["twice", "2"],
    );
    const { headers } = toContent(before);
    const after = { raw: headers.raw!, twice: "2", "x-error": "new", "x-attempt": "3" };
    expect(
      withHeaders(before, after).map((word) => (typeof word === "string" ? word : word.toString("latin1"))),
    ).toEqual([
      ...["raw", "\xff\0", "body", "\xff\0", "twice", "1", "twice", "2"],
      ...["x-error", "new", "x-attempt", "3"],
    ]);
  });
});
