import { describe, expect, it } from "vitest";
import { withFormer } from "../../../client/kafka/former.ts";
import { subscriptionOf } from "./specs.ts";

describe("a subscription with former retry topics", () => {
  it("reads those of its own group that are there, and leads nothing into them", async () => {
    const { topic, groupId, retries } = subscriptionOf();
    const former = `${topic}.${groupId}.retry.77`;
    const there = [topic, former, `${topic}.other.retry.77`, `${topic}.${groupId}.retry.7x`, retries[0]!.place];
    const found = await withFormer({ topics: async () => there }, subscriptionOf());
    const read = [{ delay: 77, place: former }, ...retries];
    expect(found).toEqual({ ...subscriptionOf(), retries: read, former: new Set([former]) });
  });

  it("goes without them where topics cannot be listed", async () => {
    expect(await withFormer({ topics: () => Promise.reject(new Error("away")) }, subscriptionOf())).toEqual({
      ...subscriptionOf(),
      former: new Set(),
    });
  });
});
