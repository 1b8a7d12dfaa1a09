import zlib from "node:zlib";
import { compressionsAlgorithms } from "@platformatic/kafka";
import { decompress } from "fzstd";
import { RefusedError } from "../message.ts";

/** Compresses, or gives back what one or more compressed frames hold. */
export type Transform = (bytes: Uint8Array) => Uint8Array;

/** Node itself can from 22.15 on. */
const nodeHasZstd = "zstdDecompressSync" in zlib;

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

/** Loads something once. Where that fails it is refused, and loaded again for whoever asks next. */
export function loading(load: () => Promise<void>): () => Promise<void> {
  let loaded: Promise<void> | undefined;
  return () => {
    loaded ??= load().catch((cause: Error) => {
      loaded = undefined;
      const advice = "as it cannot compress a record by zstd; start it again";
      throw new RefusedError(`Kafka: zstd cannot be loaded: ${cause.message}`, { cause, advice });
    });
    return loaded;
  };
}

/** Lets the library compress by zstd too. It is loaded when it is first needed: few records are too large without. */
export const writingZstd = loading(async () => {
  if (nodeHasZstd) return;
  const { Zstd } = await import("@hpcc-js/wasm-zstd");
  try {
    const zstd = await Zstd.load();
    table.compressSync = ofBuffers((bytes) => zstd.compress(bytes));
  } catch (error) {
    // Else it would say the same for ever.
    await Zstd.unload().catch(() => {});
    throw error;
  }
});
