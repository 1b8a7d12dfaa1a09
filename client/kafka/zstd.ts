import zlib from "node:zlib";
import { compressionsAlgorithms } from "@platformatic/kafka";
import { decompress } from "fzstd";
import { RefusedError } from "../message.ts";

/** Compresses, or gives back what one or more compressed frames hold. */
export type Transform = (bytes: Uint8Array) => Uint8Array;

/** Node itself can from 22.15 on. */
export const nodeHasZstd = "zstdDecompressSync" in zlib;

/**
 * The library finds its algorithms in a table, and has no other way to be given one. This one is filled where Node has no zstd: batches
 * come so from producers, and from brokers by `compression.type: zstd`.
 */
const table: { compressSync: unknown; decompressSync: unknown } = compressionsAlgorithms.zstd;

/** The same for what the library passes on, and in the buffers that it reads. */
export const ofBuffers = (transform: Transform) => (data: Buffer | { buffer: Buffer }) => {
  const bytes = transform(Buffer.isBuffer(data) ? data : data.buffer);
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
};

if (!nodeHasZstd) table.decompressSync = ofBuffers(decompress);

let writing: Promise<void> | undefined;

/**
 * Lets the library compress by zstd too. It is loaded when it is first needed: few records are too large without. Throws a RefusedError
 * where it cannot be loaded now.
 */
export function writingZstd(): Promise<void> {
  writing ??= nodeHasZstd ? Promise.resolve() : loaded().catch(refused);
  return writing;
}

async function loaded(): Promise<void> {
  const { Zstd } = await import("@hpcc-js/wasm-zstd");
  try {
    const zstd = await Zstd.load();
    table.compressSync = ofBuffers((bytes) => zstd.compress(bytes));
  } catch (error) {
    // Else it would say the same for ever.
    await Zstd.unload().catch(() => {});
    throw error;
  }
}

function refused(cause: Error): never {
  writing = undefined;
  const advice = "as it cannot compress a record by zstd; start it again";
  throw new RefusedError(`Kafka: zstd cannot be loaded: ${cause.message}`, { cause, advice });
}
