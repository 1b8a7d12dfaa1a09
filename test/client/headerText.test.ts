import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bytesOfText, textOfBytes } from "../../client/headerText.ts";

describe("a header's bytes as text", () => {
  it.each([
    ["text", Buffer.from("Grüße 👋"), "Grüße 👋"],
    ["nothing", Buffer.alloc(0), ""],
    ["a stack", Buffer.from("Error: no\n\tat a\r\n"), "Error: no\n\tat a\r\n"],
    ["a number of four bytes", Buffer.from([0, 0, 0, 3]), "base64:AAAAAw=="],
    ["bytes that are no UTF-8", Buffer.from([0x61, 0xff]), "base64:Yf8="],
    ["an escape sequence", Buffer.from("\u001b[2J"), "base64:G1sySg=="],
    ["a control character of C1", Buffer.from("\u009b"), "base64:wps="],
    ["text that looks like bytes", Buffer.from("base64:AA=="), "base64:YmFzZTY0OkFBPT0="],
  ])("%s", (_, bytes, text) => {
    expect(textOfBytes(bytes)).toBe(text);
    expect(bytesOfText(text)).toEqual(bytes);
  });

  it("tell the same bytes again, whatever they are", () => {
    fc.assert(fc.property(fc.uint8Array(), (bytes) => bytesOfText(textOfBytes(bytes)).equals(bytes)));
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) =>
        bytesOfText(textOfBytes(Buffer.from(text))).equals(Buffer.from(text)),
      ),
    );
  });
});
