import { describe, expect, it } from "vitest";
import { slots } from "../../../client/kafka/slots.ts";

const never = new AbortController().signal;
/** Lets everything run that can. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

describe("slots", () => {
  it("are so many at once, and go on to those who wait in turn", async () => {
    const two = slots(2);
    const got: number[] = [];
    const frees = await Promise.all([two.take(never), two.take(never)]);
    for (const number of [1, 2]) void two.take(never).then(() => got.push(number));
    await settled();
    expect(got).toEqual([]);
    frees[0]!();
    await settled();
    expect(got).toEqual([1]);
    frees[1]!();
    await settled();
    expect(got).toEqual([1, 2]);
  });

  it("are not lost on somebody who no longer waits", async () => {
    const one = slots(1);
    const free = (await one.take(never))!;
    const impatient = new AbortController();
    const gaveUp = one.take(impatient.signal);
    const waits = one.take(never);
    impatient.abort();
    expect(await gaveUp).toBeUndefined();
    free();
    expect(await waits).toBeTypeOf("function");
  });

  it("are not given to somebody who is to end", async () => {
    expect(await slots(1).take(AbortSignal.abort())).toBeUndefined();
  });
});
