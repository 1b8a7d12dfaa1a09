import { describe, expect, it } from "vitest";
import { loading, ofBuffers } from "../../../client/kafka/zstd.ts";

describe("zstd", () => {
  it("is refused where it cannot be loaded, and loaded once for those who ask then", async () => {
    const answers = [Promise.reject(new Error("out of memory")), Promise.resolve()];
    const load = loading(() => answers.shift()!);
    await expect(load()).rejects.toMatchObject({
      name: "RefusedError",
      message: "Kafka: zstd cannot be loaded: out of memory",
      advice: "as it cannot compress a record by zstd; start it again",
    });
    await Promise.all([load(), load()]);
    expect(answers).toEqual([]);
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
