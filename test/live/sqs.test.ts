import { describe, expect, it } from "vitest";
import { reasonOf, toHolding } from "../../live/sqs.ts";

describe("what a queue of SQS holds", () => {
  it.each([
    [
      { visible: 3, inFlight: 0, delayed: 0 },
      { messages: 3, waiting: 3, detail: "3 visible" },
    ],
    [
      { visible: 0, inFlight: 2, delayed: 0 },
      { messages: 2, waiting: 2, detail: "0 visible, 2 in flight" },
    ],
    [
      { visible: 1, inFlight: 2, delayed: 4 },
      { messages: 7, waiting: 7, detail: "1 visible, 2 in flight, 4 delayed" },
    ],
  ])("of %j is %j", (counts, holding) => {
    expect(toHolding(counts)).toEqual(holding);
  });
});

describe("why SQS does not answer", () => {
  it.each([
    ["SQS: connect ECONNREFUSED 127.0.0.1:1", "connect ECONNREFUSED 127.0.0.1:1"],
    [
      "SQS: @smithy/node-http-handler - [ERROR] a request has exceeded the configured 10000 ms requestTimeout.",
      "a request has exceeded the configured 10000 ms requestTimeout.",
    ],
    ["SQS: Unexpected token 'o'\n  Deserialization error: to see", "it answers something else than JSON"],
  ])("by %j is %j", (said, reason) => {
    expect(reasonOf(said)).toBe(reason);
  });
});
