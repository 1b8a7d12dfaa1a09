import zlib from "node:zlib";
import { compressionsAlgorithms } from "@platformatic/kafka";
import { decompress } from "fzstd";

/** Gives back what one or more zstd frames hold. */
type Decompress = (frames: Uint8Array) => Uint8Array;

/** Node itself can from 22.15 on. */
const nodeReadsZstd = "zstdDecompressSync" in zlib;

/**
 * Lets the library read batches that a producer, or the broker by `compression.type: zstd`, compressed so, where Node cannot. The
 * library finds its algorithms in a table, and has no other way to be given one.
 */
export function readZstdWith(decompress: Decompress): void {
  const zstd: { decompressSync: unknown } = compressionsAlgorithms.zstd;
  zstd.decompressSync = (frames: Buffer | { buffer: Buffer }) =>
    Buffer.from(decompress(Buffer.isBuffer(frames) ? frames : frames.buffer));
}

if (!nodeReadsZstd) readZstdWith(decompress);
