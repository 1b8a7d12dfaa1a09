import { compressionsAlgorithms } from "@platformatic/kafka";
import { afterEach, describe, expect, it, vi } from "vitest";
import { RefusedError } from "../../../client/message.ts";
import "../../../client/kafka/codecs.ts";
import { nodeHasZstd, ofBuffers, writingZstd } from "../../../client/kafka/zstd.ts";

// What is compiled for Node knows no browser's types.
const { WebAssembly } = globalThis as unknown as { WebAssembly: { instantiate(): Promise<unknown> } };

describe("writing by zstd", () => {
  afterEach(() => void vi.restoreAllMocks());

  it.skipIf(nodeHasZstd)("is refused where it cannot be loaded, and loaded when it is asked for again", async () => {
    // The library says it there too.
    vi.spyOn(console, "error").mockReturnValue();
    vi.spyOn(WebAssembly, "instantiate").mockRejectedValueOnce(new Error("out of memory"));
    const failure = await writingZstd().catch((error) => error);
    expect(failure).toBeInstanceOf(RefusedError);
    expect(failure.message).toMatch(/^Kafka: zstd cannot be loaded: Aborted\(Error: out of memory\)/);
    await writingZstd();
    const { compressSync, decompressSync } = compressionsAlgorithms.zstd;
    const text = Buffer.alloc(1_000, "text");
    expect(decompressSync(compressSync(text))).toEqual(text);
  });
});

describe("what a codec gives back", () => {
  it("is copied no further: a buffer stays the same, other bytes are seen as one", () => {
    const [buffer, bytes] = [Buffer.from("a"), Uint8Array.of(1, 2, 3).subarray(1)];
    expect(ofBuffers(() => buffer)(buffer)).toBe(buffer);
    const seen = ofBuffers(() => bytes)(buffer);
    expect([...seen]).toEqual([2, 3]);
    expect(seen.buffer).toBe(bytes.buffer);
  });
});
