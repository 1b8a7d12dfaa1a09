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

  it("tells of a repeated name the last value, and of what is no text its bytes", () => {
    const odd = entry(["body", "1"], ["tag", "a"], ["body", "2"], ["tag", "b"], ["", ""], ["x-key", "base64:k\u0001"]);
    odd.fields.push([Buffer.from([0xfe]), Buffer.from([0xff, 0])]);
    expect(toContent(odd)).toEqual({
      id: "5-1",
      key: "base64:k\u0001",
      headers: { tag: "b", "": "", "x-key": "base64:k\u0001", "base64:/g==": "base64:/wA=" },
      body: Buffer.from("2"),
    });
  });

  it("has as many ids as producers gave, also where those are no text", () => {
    const named = (...id: number[]): Entry => ({ id: "5-1", fields: [[Buffer.from("x-message-id"), Buffer.from(id)]] });
    const ids = [named(0xff), named(0xfe)].map((one) => [toContent(one).id, toContent(one).headers["x-message-id"]]);
    expect(ids).toEqual([
      ["base64:/w==", "base64:/w=="],
      ["base64:/g==", "base64:/g=="],
    ]);
  });

  it("gets the contract's headers behind all that is its own, which stays byte for byte", () => {
    const before: Entry = {
      id: "5-1",
      fields: [
        ["raw", "\xff\0"],
        ["\xfe", ""],
        ["x-error", "old"],
        ["body", "\xff"],
        ["twice", "1"],
        ["body", ""],
        ["x-message-id", "\xff"],
        ["twice", "2"],
        ["", "x"],
        ["x-consumer", "gone"],
      ].map(([name, value]) => [Buffer.from(name!, "latin1"), Buffer.from(value!, "latin1")]),
    };
    const contract = { "x-message-id": toContent(before).id, "x-error": "new", "x-attempt": "3" };
    expect(
      withHeaders(before, contract).map((word) => (typeof word === "string" ? word : word.toString("latin1"))),
    ).toEqual([
      ...["raw", "\xff\0", "\xfe", "", "body", "\xff", "twice", "1", "body", "", "twice", "2", "", "x"],
      ...["x-message-id", "\xff", "x-error", "new", "x-attempt", "3"],
    ]);
  });
});
