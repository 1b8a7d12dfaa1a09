import { describe, expect, it } from "vitest";
import { ConnectionError } from "../../client/message.ts";
import { eachOf, inTime } from "../../live/inTime.ts";

describe("a question to a broker", () => {
  it("is answered as the broker answers", async () => {
    expect(await inTime("kafka at a:1", Promise.resolve(7))).toBe(7);
    await expect(inTime("kafka at a:1", Promise.reject(new Error("no")))).rejects.toThrow("no");
  });

  it("ends with a ConnectionError that names the place where it takes too long", async () => {
    const never = new Promise(() => {});
    const asked = inTime("kafka at a:1", never, 20);
    await expect(asked).rejects.toBeInstanceOf(ConnectionError);
    await expect(asked).rejects.toThrow("kafka at a:1: the broker does not answer: no answer within 0.02 s");
  });
});

describe("a question of many things", () => {
  it("is asked of a few at a time, and answered in order", async () => {
    let running = 0;
    let most = 0;
    const answers = await eachOf(
      [5, 4, 3, 2, 1],
      async (one) => {
        most = Math.max(most, ++running);
        await Promise.resolve();
        running--;
        return one * 2;
      },
      2,
    );
    expect(answers).toEqual([10, 8, 6, 4, 2]);
    expect(most).toBe(2);
  });
});
