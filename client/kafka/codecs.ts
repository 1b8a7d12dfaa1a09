import "./zstd.ts";
import { compressionsAlgorithms, type RecordsBatch } from "@platformatic/kafka";

/** How a batch of records is compressed. */
export type Codec = keyof typeof compressionsAlgorithms;

const inBits = Object.keys(compressionsAlgorithms) as Codec[];

/** How a batch was compressed, by its attributes. */
export const codecOf = ({ attributes }: Pick<RecordsBatch, "attributes">): Codec =>
  inBits.find((codec) => compressionsAlgorithms[codec].bitmask === (attributes & 0b111)) ?? "none";

/** How a record that came in this codec is sent, one after the other, until it is not too large: as it came, then as small as can be. */
export const codecsFor = (codec: Codec = "none"): Codec[] => [...new Set<Codec>([codec, "zstd", "gzip"])];
