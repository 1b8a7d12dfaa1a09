import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOfText, readable, textOfBytes } from "../../client/headerText.ts";

describe("a header's bytes as text", () => {
  it.each([
    ["text", Buffer.from("Grüße 👋"), "Grüße 👋"],
    ["nothing", Buffer.alloc(0), ""],
    ["a byte order mark", Buffer.from([0xef, 0xbb, 0xbf, 0x61]), "\ufeffa"],
    ["text with a control character", Buffer.from("a\u0001"), "a\u0001"],
    ["bytes that are no UTF-8", Buffer.from([0x61, 0xff]), "base64:Yf8="],
  ])("%s", (_, bytes, text) => {
    expect(textOfBytes(bytes)).toBe(text);
    expect(bytesOfText(text)).toEqual(bytes);
  });

  it("is of these bytes alone, whatever could not be read before", () => {
    const cut = Buffer.from("é").subarray(0, 1);
    expect([cut, Buffer.from([0xa9]), Buffer.from("a")].map(textOfBytes)).toEqual(["base64:ww==", "base64:qQ==", "a"]);
  });

  it("is what an app published as text, whatever that is", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => textOfBytes(Buffer.from(text)) === text));
  });

  it("tells the same bytes again, but for text that looks like base64 of some", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        fc.pre(!Buffer.from(bytes).toString().startsWith("base64:"));
        return bytesOfText(textOfBytes(bytes)).equals(bytes);
      }),
    );
  });
});

it.each([
  ["an error: no\n\tat a\r\n", "an error: no\n\tat a\r\n"],
  ["\u0000\u0000\u0000\u0003", "base64:AAAAAw=="],
  ["\u001b[2J", "base64:G1sySg=="],
  ["\u009b", "base64:wps="],
])("A person reads %j as %j", (text, shown) => expect(readable(text)).toBe(shown));
