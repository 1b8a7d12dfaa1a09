import { compressionsAlgorithms, UnsupportedCompressionError } from "@platformatic/kafka";
import { describe, expect, it } from "vitest";
import "../../../client/kafka/codecs.ts";

const framed = (...blocks: Buffer[]): Buffer => {
  const head = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]);
  const each = blocks.map((block) => {
    const length = Buffer.alloc(4);
    length.writeInt32BE(block.length);
    return Buffer.concat([length, block]);
  });
  return Buffer.concat([head, ...each]);
};

describe("what the library reads", () => {
  const { snappy, gzip } = compressionsAlgorithms;

  it("is snappy at once, and in the blocks of Java's clients", () => {
    const [one, other] = [Buffer.alloc(40_000, "abc"), Buffer.from("end")];
    const compressed = [one, other].map((part) => snappy.compressSync(part));
    expect(snappy.decompressSync(compressed[0]!)).toEqual(one);
    expect(snappy.decompressSync(framed(...compressed))).toEqual(Buffer.concat([one, other]));
  });

  it("is called so where it cannot be decompressed, and not taken for a broker that is away", () => {
    expect(() => gzip.decompressSync(Buffer.from("no gzip"))).toThrow("gzip: incorrect header check");
    expect(() => snappy.decompressSync(framed(Buffer.from([0xff])))).toThrow(UnsupportedCompressionError);
    const next = Buffer.alloc(1_000, "next");
    expect(snappy.decompressSync(snappy.compressSync(next))).toEqual(next);
  });
});
