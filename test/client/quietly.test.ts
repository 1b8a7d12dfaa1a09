import { describe, expect, it } from "vitest";
import { ConnectionError } from "../../client/message.ts";
import { quietly, type Trouble, troubleOf } from "../../client/quietly.ts";

/** What is told of errors, and of being well (undefined), at these seconds and places; each place has its own troubles. */
function told(...events: (readonly [seconds: number, event: string | Error | undefined, place?: string])[]): string[] {
  const heard: string[] = [];
  let now = 0;
  const telling = quietly(
    ({ message }) => heard.push(`${now / 1000} ${message}`),
    () => now,
  );
  const troubles = new Map<string, Trouble>();
  for (const [seconds, event, place = ""] of events) {
    now = seconds * 1_000;
    const trouble = troubles.get(place) ?? troubleOf(telling);
    troubles.set(place, trouble);
    if (event === undefined) trouble.over();
    else trouble.tell(typeof event === "string" ? new Error(event) : event);
  }
  return heard;
}

describe("an error that is told", () => {
  it("is told once for as long as it stays so, and again after it has not come for two minutes", () => {
    expect(told([0, "away"], [100, "away"], [101, "full"], [210, "away"], [331, "away"])).toEqual([
      "0 away",
      "101 full",
      "331 away",
    ]);
  });

  it("is told again after it was over", () => {
    expect(told([0, "away"], [10, "away"], [20, undefined], [30, "away"], [31, "away"])).toEqual(["0 away", "30 away"]);
  });

  it("was not over where that lasted less than five seconds", () => {
    expect(told([0, "away"], [1, undefined], [2, "away"], [3, undefined], [7, "away"])).toEqual(["0 away"]);
  });

  it("is not over where another one is", () => {
    expect(
      told([0, "unread", "a"], [30, "away", "b"], [31, undefined, "b"], [60, "unread", "a"], [61, "away", "b"]),
    ).toEqual(["0 unread", "30 away", "61 away"]);
  });

  it("is one state while a broker does not answer, whatever each try ends by", () => {
    const away = (reason: string, place = "orders") =>
      new ConnectionError(`rabbitmq ${place}: the broker does not answer: ${reason}`);
    expect(told([0, away("socket closed")], [1, away("ECONNREFUSED")], [2, away("timeout", "billing")])).toEqual([
      "0 rabbitmq orders: the broker does not answer: socket closed",
      "2 rabbitmq billing: the broker does not answer: timeout",
    ]);
  });
});
