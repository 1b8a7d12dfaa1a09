import { describe, expect, it } from "vitest";
import { handsOf } from "../../../client/redis/hands.ts";

const settled = async (promise: Promise<void>): Promise<boolean> => {
  let done = false;
  promise.then(() => {
    done = true;
  });
  await new Promise(setImmediate);
  return done;
};

describe("what a consumer has in hand", () => {
  it("fills its places, and the next waits for one", async () => {
    const hands = handsOf(2);
    hands.take("a", 10);
    hands.take("b", 20);
    const free = hands.whenFree();
    expect([hands.free(), await settled(free), hands.since(10)]).toEqual([0, false, ["a"]]);
    hands.release("a");
    expect([hands.free(), await settled(free), hands.has("a"), hands.has("b")]).toEqual([1, true, false, true]);
  });

  it("is held without a place where the server does not take the answer", async () => {
    const hands = handsOf(1);
    hands.take("a", 0);
    const [free, empty] = [hands.whenFree(), hands.whenEmpty()];
    expect([hands.setAside("a"), hands.setAside("a"), hands.free(), await settled(free)]).toEqual([
      true,
      true,
      1,
      true,
    ]);
    expect([hands.has("a"), hands.since(0), await settled(empty)]).toEqual([true, ["a"], false]);
    hands.release("a");
    expect([hands.free(), await settled(empty)]).toEqual([1, true]);
  });

  it("keeps its places where a thousand are held already", () => {
    const hands = handsOf(1_001);
    for (let n = 0; n < 1_001; n++) hands.take(`${n}`, 0);
    expect(Array.from({ length: 1_001 }, (_, n) => hands.setAside(`${n}`)).filter(Boolean)).toHaveLength(1_000);
    expect(hands.free()).toBe(1_000);
  });
});
