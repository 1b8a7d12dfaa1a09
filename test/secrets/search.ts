import { gunzipSync } from "node:zlib";
import { decompress } from "fzstd";
import { formsOf } from "./forms.ts";

/** What must be found nowhere. */
export interface Secret {
  /** What it is, the same for all that are alike, such as `password of an app at kafka`. */
  kind: string;
  text: string;
}

/** A secret that was found in some form. */
export interface Hit {
  kind: string;
  form: string;
}

interface Needle extends Hit {
  bytes: Buffer;
}

/** Bytes that are looked at together, at most so many positions a step: a needle's first bytes decide how far. */
const WINDOW = 3;

/** Finds secrets in bytes, compressed ones too. Secrets must be of 12 characters or more: shorter texts are found everywhere. */
export function searcher(secrets: readonly Secret[]): (bytes: Buffer) => Hit[] {
  const short = secrets.find(({ text }) => text.length < 12);
  if (short) throw new Error(`${short.kind}: must be of 12 characters or more to be looked for`);
  const needles = secrets.flatMap(({ kind, text }) =>
    formsOf(text).map(({ form, text }): Needle => ({ kind, form, bytes: Buffer.from(text) })),
  );
  const find = wuManber(needles);
  return (bytes) => find(plain(bytes));
}

/** What was compressed, as it was before; anything else as it is. */
function plain(bytes: Buffer): Buffer {
  try {
    if (bytes.readUInt16BE(0) === 0x1f8b) return gunzipSync(bytes);
    if (bytes.readUInt32BE(0) === 0x28b52ffd) return Buffer.from(decompress(bytes));
  } catch {
    // Too short, or cut off: it is looked at as it is.
  }
  return bytes;
}

/**
 * All needles in one pass (Wu and Manber's algorithm): the last three bytes of the window say how far the next possible beginning is.
 * Looking for each needle by itself took minutes for the logs.
 */
function wuManber(needles: readonly Needle[]): (bytes: Buffer) => Hit[] {
  const length = Math.min(255, ...needles.map(({ bytes }) => bytes.length));
  const shifts = new Uint8Array(1 << 24).fill(length - WINDOW + 1);
  const ends = new Map<number, Needle[]>();
  const at = (bytes: Buffer, end: number) => (bytes[end - 2]! << 16) | (bytes[end - 1]! << 8) | bytes[end]!;
  for (const needle of needles) {
    for (let end = WINDOW - 1; end < length; end++) {
      const key = at(needle.bytes, end);
      shifts[key] = Math.min(shifts[key]!, length - 1 - end);
    }
    const last = at(needle.bytes, length - 1);
    ends.set(last, [...(ends.get(last) ?? []), needle]);
  }
  return (bytes) => {
    const hits = new Map<string, Hit>();
    for (let end = length - 1; end < bytes.length; ) {
      const key = at(bytes, end);
      const shift = shifts[key]!;
      end += shift || 1;
      if (shift > 0) continue;
      const start = end - length;
      for (const { kind, form, bytes: needle } of ends.get(key) ?? [])
        if (needle.compare(bytes, start, Math.min(bytes.length, start + needle.length)) === 0)
          hits.set(`${kind} ${form}`, { kind, form });
    }
    return [...hits.values()];
  };
}
