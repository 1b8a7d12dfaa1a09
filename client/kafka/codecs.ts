import { compressionsAlgorithms, type RecordsBatch, UnsupportedCompressionError } from "@platformatic/kafka";
import { ofBuffers, type Transform } from "./zstd.ts";

/** How a batch of records is compressed. */
export type Codec = keyof typeof compressionsAlgorithms;

const table = compressionsAlgorithms as unknown as Record<Codec, { bitmask: number; decompressSync: Transform }>;
const all = Object.keys(table) as Codec[];

/** What stands before blocks of snappy in the framing of Java's library; two versions follow it, 4 bytes each. */
const FRAMED = Buffer.from([0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0]);

/** Java's clients compress by snappy in blocks, each behind its length; all others everything at once, as the library has it. */
function readSnappy(bytes: Buffer, one: (block: Buffer) => Uint8Array): Uint8Array {
  if (!bytes.subarray(0, FRAMED.length).equals(FRAMED)) return one(bytes);
  const blocks: Uint8Array[] = [];
  for (let at = FRAMED.length + 8; at < bytes.length; ) {
    const end = at + 4 + bytes.readInt32BE(at);
    blocks.push(one(bytes.subarray(at + 4, end)));
    at = end;
  }
  return Buffer.concat(blocks);
}

const readBlock = table.snappy.decompressSync;
table.snappy.decompressSync = (bytes) => readSnappy(bytes as Buffer, readBlock);

// Else what cannot be decompressed would look as if the broker did not answer.
for (const codec of all) {
  const read = ofBuffers(table[codec].decompressSync);
  table[codec].decompressSync = (bytes) => {
    try {
      return read(bytes as Buffer);
    } catch (cause) {
      throw new UnsupportedCompressionError(`${codec}: ${(cause as Error).message}`, { cause: cause as Error });
    }
  };
}

/** How a batch was compressed, by its attributes. */
export const codecOf = ({ attributes }: Pick<RecordsBatch, "attributes">): Codec =>
  all.find((codec) => table[codec].bitmask === (attributes & 0b111)) ?? "none";

/** How a record that came in this codec is sent, one after the other, until it is not too large: as it came, then as small as can be. */
export const codecsFor = (codec: Codec = "none"): Codec[] => [...new Set<Codec>([codec, "zstd", "gzip"])];
