import zlib from "node:zlib";
import { compressionsAlgorithms } from "@platformatic/kafka";
import { decompress } from "fzstd";

/** Compresses, or gives back what one or more compressed frames hold. */
export type Transform = (bytes: Uint8Array) => Uint8Array;

/** Node itself can from 22.15 on. */
const nodeHasZstd = "zstdDecompressSync" in zlib;

/**
 * The library finds its algorithms in a table, and has no other way to be given one. This one is filled where Node has no zstd: batches
 * come so from producers, and from brokers by `compression.type: zstd`.
 */
const table: { compressSync: unknown; decompressSync: unknown } = compressionsAlgorithms.zstd;

/** The same for what the library passes on. */
export const ofBuffers = (transform: Transform) => (data: Buffer | { buffer: Buffer }) =>
  Buffer.from(transform(Buffer.isBuffer(data) ? data : data.buffer));

if (!nodeHasZstd) table.decompressSync = ofBuffers(decompress);

let writing: Promise<void> | undefined;

/** Lets the library compress by zstd too. It is loaded when it is first needed: few records are too large without. */
export function writingZstd(): Promise<void> {
  writing ??= nodeHasZstd ? Promise.resolve() : loaded();
  return writing;
}

async function loaded(): Promise<void> {
  const { Zstd } = await import("@hpcc-js/wasm-zstd");
  const zstd = await Zstd.load();
  table.compressSync = ofBuffers((bytes) => zstd.compress(bytes));
}
