import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { encodings, formsOf } from "./forms.ts";
import { searcher } from "./search.ts";

const MARKER = 'M4rk/er+of "one" & <two> \\ 100%=>>>';
const find = searcher([
  { kind: "marker", text: MARKER },
  { kind: "derived", text: "kS8-_dq2vQb0Zt6yXw1hR4mLpN7cJ3uGfE5aTiOoY9U" },
]);
const forms = (text: string | Buffer) =>
  find(Buffer.from(text))
    .map(({ kind, form }) => `${kind}: ${form}`)
    .sort();

describe("the search for secrets", () => {
  it.each([
    ["raw", MARKER],
    [
      "json",
      JSON.stringify({ password: MARKER })
        .replaceAll("<", "\\u003c")
        .replaceAll(">", "\\u003e")
        .replaceAll("&", "\\u0026"),
      "json by Go",
    ],
    ["json", JSON.stringify({ password: MARKER })],
    ["json in json", JSON.stringify({ state: JSON.stringify({ password: MARKER }) })],
    ["url by encodeURIComponent", `https://${encodeURIComponent(MARKER)}@host`, "url"],
    ["url, + for a space", `q=${new URLSearchParams({ q: MARKER }).toString()}`],
    ["base64, first", Buffer.from(MARKER).toString("base64"), "base64 at 0"],
    ["base64, behind a user's name", Buffer.from(`a:${MARKER}`).toString("base64"), "base64 at 2"],
    ["base64, behind another", Buffer.from(`adm:${MARKER} and more`).toString("base64"), "base64 at 1"],
    ["base64url", Buffer.from(`adm:${MARKER}`).toString("base64url"), "base64url at 1"],
    ["hex", Buffer.from(MARKER).toString("hex")],
    ["hex, upper", Buffer.from(MARKER).toString("hex").toUpperCase()],
    ["bytes, by commas", JSON.stringify(Buffer.from(MARKER))],
    ["bytes, by spaces", `[${[...Buffer.from(MARKER)].join(" ")}]`],
    ["sha256 hex", `user on #${createHash("sha256").update(MARKER).digest("hex")}`],
    ["sha512 base64", createHash("sha512").update(MARKER).digest("base64")],
    ["in gzip", gzipSync(`state ${MARKER} state`), "raw"],
  ])("finds %s", (form, text, as = form) => {
    expect(forms(text)).toContain(`marker: ${as}`);
  });

  it("finds every form of every secret, wherever it stands in whatever else", () => {
    const text = fc.string({ minLength: 12, maxLength: 60, unit: "binary" });
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), fc.string(), fc.string(), (texts, before, after) => {
        const secrets = texts.map((secret, at) => ({ kind: String(at), text: secret }));
        const search = searcher(secrets);
        for (const { kind, text: secret } of secrets)
          for (const { form, text: written } of formsOf(secret))
            expect(search(Buffer.from(before + written + after))).toContainEqual({ kind, form });
      }),
      { numRuns: 10 },
    );
  });

  it("finds nothing where there is nothing, and not a part of one", () => {
    expect(forms(MARKER.slice(1))).toEqual([]);
    expect(forms(MARKER.slice(0, -1))).toEqual([]);
    expect(forms("")).toEqual([]);
    expect(forms(Buffer.from([0x1f, 0x8b, 1]))).toEqual([]);
  });

  it("names a form once where several leave a secret as it is", () => {
    expect(encodings).toBe(27);
    expect(formsOf("kS8-_dq2vQb0Zt6yXw1hR4mLpN7cJ3uGfE5aTiOoY9U").map(({ form }) => form)).not.toContain("json");
    expect(new Set(formsOf(MARKER).map(({ text }) => text)).size).toBe(formsOf(MARKER).length);
  });

  it("refuses a secret that would be found everywhere", () => {
    expect(() => searcher([{ kind: "pin", text: "1234" }])).toThrow("pin: must be of 12 characters or more");
  });
});
