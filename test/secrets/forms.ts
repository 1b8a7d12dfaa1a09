import { createHash } from "node:crypto";

/** A way in which a secret may be written, and what it looks like. */
export interface Form {
  form: string;
  text: string;
}

const json = (text: string) => JSON.stringify(text).slice(1, -1);
// Go's encoder, which Pulumi writes JSON with, spells these too.
const goJson = (text: string) =>
  json(text).replace(/[<>&]/g, (sign) => `\\u00${sign.charCodeAt(0).toString(16).padStart(2, "0")}`);
const percent = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
const lowerPercent = (text: string) => percent(text).replace(/%../g, (code) => code.toLowerCase());
const bytes = (text: string) => [...Buffer.from(text)];
const hex = (text: string) => Buffer.from(text).toString("hex");
const url = (base64: string) => base64.replaceAll("+", "-").replaceAll("/", "_");

/** The part of a base64 text that depends on the secret alone, where `before` bytes stand in front of it in their group of three. */
function base64(text: string, before: number): string {
  const encoded = Buffer.concat([Buffer.alloc(before), Buffer.from(text)]).toString("base64");
  const bits = 8 * (before + Buffer.byteLength(text));
  return encoded.slice(Math.ceil((8 * before) / 6), Math.floor(bits / 6));
}

const hash = (algorithm: string, encoding: "hex" | "base64") => (text: string) =>
  createHash(algorithm).update(text).digest(encoding).replace(/=+$/, "");

const ENCODINGS: Record<string, (text: string) => string> = {
  raw: (text) => text,
  json,
  "json by Go": goJson,
  "json in json": (text) => json(json(text)),
  "json by Go in json": (text) => json(goJson(text)),
  "json in json by Go": (text) => goJson(json(text)),
  "json by Go, twice": (text) => goJson(goJson(text)),
  url: percent,
  "url, lower": lowerPercent,
  "url by encodeURIComponent": encodeURIComponent,
  "url, + for a space": (text) => percent(text).replaceAll("%20", "+"),
  ...Object.fromEntries([0, 1, 2].map((before) => [`base64 at ${before}`, (text: string) => base64(text, before)])),
  ...Object.fromEntries(
    [0, 1, 2].map((before) => [`base64url at ${before}`, (text: string) => url(base64(text, before))]),
  ),
  hex,
  "hex, upper": (text) => hex(text).toUpperCase(),
  "hex, spaced": (text) => hex(text).replace(/..(?!$)/g, "$& "),
  "hex, escaped": (text) => hex(text).replace(/../g, "\\x$&"),
  "bytes, by commas": (text) => bytes(text).join(","),
  "bytes, by spaces": (text) => bytes(text).join(" "),
  "sha256 hex": hash("sha256", "hex"),
  "sha256 base64": hash("sha256", "base64"),
  "sha512 hex": hash("sha512", "hex"),
  "sha512 base64": hash("sha512", "base64"),
};

/** How many encodings are looked for. */
export const encodings = Object.keys(ENCODINGS).length;

/** Every form of a secret once, under the first name that fits it: many encodings leave many secrets as they are. */
export function formsOf(secret: string): Form[] {
  const found = new Map<string, Form>();
  for (const [form, encode] of Object.entries(ENCODINGS)) {
    const text = encode(secret);
    if (!found.has(text)) found.set(text, { form, text });
  }
  return [...found.values()];
}
