import { describe, expect, it } from "vitest";
import { allTierDelays, nativeDelays, tierDelays, tierWaits } from "../../../components/rabbitmq/retries.ts";
import { queueOf, rabbitmqOf } from "./specs.ts";

const consumedBy = (...retries: object[]) => ({
  consumers: Object.fromEntries(retries.map((retry, at) => ["abcd"[at]!, { retry }])),
});
const exponential = { backoff: "exponential", initialDelay: "1s" };

describe("the delay tiers", () => {
  it("are one a distinct delay of any consumer of the vhost, the shortest first", () => {
    const queues = {
      one: consumedBy({ maxAttempts: 4, ...exponential }, { maxAttempts: 3, backoff: "fixed", initialDelay: "500ms" }),
      two: consumedBy({ maxAttempts: 3, ...exponential }),
    };
    expect(allTierDelays(rabbitmqOf({ queues }), undefined)).toEqual([500, 1000, 2000, 4000]);
  });

  it("are none for streams, for queues without consumers and for a single attempt", () => {
    const queues = { log: { type: "stream", consumers: { a: {} } }, idle: {}, once: consumedBy({ maxAttempts: 1 }) };
    expect(allTierDelays(rabbitmqOf({ queues }), undefined)).toEqual([]);
  });

  it("exist for classic queues too", () => {
    expect(tierDelays(queueOf({ type: "classic", ...consumedBy({ maxAttempts: 2 }) }), "4.3.1")).toEqual([1000]);
  });

  it("are named by their delay, one entry for each retry", () => {
    expect(tierWaits([500, 500])).toEqual([
      { delay: 500, place: "messaging.retry.500ms" },
      { delay: 500, place: "messaging.retry.500ms" },
    ]);
  });
});

describe("the delays that a queue keeps itself", () => {
  const linear = { maxAttempts: 5, backoff: "linear", initialDelay: "2s", maxDelay: "5s" };

  it.each([
    ["a fixed backoff", { maxAttempts: 3, backoff: "fixed", initialDelay: "1s" }, [1000, 1000]],
    ["a linear one", { maxAttempts: 4, backoff: "linear", initialDelay: "1s" }, [1000, 2000, 3000]],
    ["a linear one with a longest delay", linear, [2000, 4000, 5000, 5000]],
    ["two delays of an exponential one", { maxAttempts: 3, ...exponential }, [1000, 2000]],
    ["not three of them, of which the last is no multiple", { maxAttempts: 4, ...exponential }, undefined],
    ["not one attempt, which has no delay", { maxAttempts: 1 }, undefined],
  ])("are those of %s", (_, retry, delays) => {
    expect(nativeDelays(queueOf(consumedBy(retry)), "4.3.1")).toEqual(delays);
  });

  it.each([
    ["4.3.1", true],
    ["4.3.10", true],
    ["4.4.0", true],
    ["5.0.0", true],
    ["4.3.0", false],
    ["4.0.5", false],
    ["3.13.7", false],
    [undefined, false],
  ])("on RabbitMQ %s: %s", (version, native) => {
    expect(nativeDelays(queueOf(consumedBy(linear)), version) !== undefined).toBe(native);
  });

  it("are those of all its consumers or of none", () => {
    expect(nativeDelays(queueOf(consumedBy(linear, linear)), "4.3.1")).toEqual([2000, 4000, 5000, 5000]);
    expect(nativeDelays(queueOf(consumedBy(linear, { ...linear, maxAttempts: 4 })), "4.3.1")).toBeUndefined();
  });

  it("are a quorum queue's alone", () => {
    expect(nativeDelays(queueOf({ type: "classic", ...consumedBy(linear) }), "4.3.1")).toBeUndefined();
  });
});
