import { describe, expect, it } from "vitest";
import { isEmulator } from "../../client/sqs/api.ts";
import { figureOf } from "../../client/sqs/counts.ts";
import { reasonOf, toHolding, watching } from "../../live/sqs.ts";

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

/** A queue that says one count after the other, and the last one for ever; how many looks and milliseconds it took. */
async function watched(visible: (number | undefined)[], watched: number) {
  let looks = 0;
  let waited = 0;
  const look = async () => {
    const count = visible[Math.min(looks++, visible.length - 1)];
    return count === undefined ? undefined : { visible: count, inFlight: 0, delayed: 0, at: new Date() };
  };
  const holding = await watching(look, watched, async (milliseconds) => {
    waited += milliseconds;
  });
  return { messages: holding?.messages, looks, waited };
}

describe("a queue that looks empty", () => {
  it.each([
    ["on AWS is watched for the whole time", [0], 60_000, { messages: 0, looks: 11, waited: 60_000 }],
    ["on AWS is not when one look sees a message", [0, 0, 0, 2, 0], 5_000, { messages: 2, looks: 4, waited: 1_500 }],
    ["at the last look is not", [...Array(10).fill(0), 1], 5_000, { messages: 1, looks: 11, waited: 5_000 }],
    ["and is deleted meanwhile is not there", [0, undefined], 5_000, { messages: undefined, looks: 2, waited: 500 }],
    ["of an emulator is empty at once", [0], 0, { messages: 0, looks: 1, waited: 0 }],
  ])("%s", async (_, visible, milliseconds, expected) => {
    expect(await watched(visible, milliseconds)).toEqual(expected);
  });
});

describe("an endpoint", () => {
  it.each([
    [undefined, false],
    ["http://127.0.0.1:4566", true],
    ["http://localstack:4566", true],
    ["https://vpce-1.sqs.eu-central-1.vpce.amazonaws.com", false],
    ["http://sqs.eu-central-1.amazonaws.com", false],
    ["https://sqs.eu-central-1.api.aws", false],
    ["https://queues.example.com", false],
  ])("%s is an emulator: %s", (endpoint, expected) => {
    expect(isEmulator(endpoint)).toBe(expected);
  });
});

describe("a figure that SQS does not tell", () => {
  it("is not none", () => {
    const told = { ApproximateNumberOfMessages: "0" };
    expect(figureOf(told, "ApproximateNumberOfMessages")).toBe(0);
    expect(() => figureOf(told, "ApproximateNumberOfMessagesDelayed")).toThrow(
      "SQS does not tell ApproximateNumberOfMessagesDelayed",
    );
  });
});
